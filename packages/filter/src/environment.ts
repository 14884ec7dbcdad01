import type { EnvironmentNames, TaskObservation } from '@godo/evidence';
import { textListOf } from './values.ts';

/** undefined where the observation says nothing of it, as without `--env-names`. */
export function environmentOf({ envNames, envNamesCut }: TaskObservation): EnvironmentNames | undefined {
  if (envNames === undefined) return undefined;
  const names = textListOf(envNames);
  if (names === null) return undefined;
  return envNamesCut === true ? { envNames: names, envNamesCut } : { envNames: names };
}

/** A password among the options of a command line: what it is hidden from, and what not. */

import { holdsSecret } from './masked-text.ts';

/** The address that was given by argument, if it holds a password. */
export function secretArgument({ db, mongo }: { readonly db?: string; readonly mongo?: string }): string | null {
  return [db, mongo].find((address) => address !== undefined && holdsSecret(address)) ?? null;
}

export const secretWarning =
  'The password on the command line could be read by everybody on this host until it was hidden, and still can be where ' +
  'sudo, npx or a shell was given it too: give the address in a file (--db-file, chmod 600) or in $GODO_DB.';

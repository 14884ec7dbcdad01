/** A broken environment: said in one sentence that tells what to do. */

export type ListenerErrorCode =
  | 'NOT_PERMITTED'
  | 'NO_AUDIT'
  | 'NO_CONNECTOR'
  | 'NOT_BUILT'
  | 'DATABASE'
  | 'BAD_INPUT'
  | 'COMMAND_FAILED'
  | 'ALREADY_RUNNING'
  | 'METRICS'
  | 'STAGE_FAILED';

export class ListenerError extends Error {
  readonly code: ListenerErrorCode;

  constructor(code: ListenerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ListenerError';
    this.code = code;
  }
}

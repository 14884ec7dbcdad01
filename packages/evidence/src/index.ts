export { idOf, Ledger } from './chain/ledger.ts';
export { isSignedBy, type Sign, signer } from './chain/link.ts';
export {
  exitCodeOf,
  type Finding,
  type RunReport,
  reportText,
  type Verdict,
  type VerifyReport,
} from './chain/report.ts';
export { verifyEvidence } from './chain/verify.ts';
export { KeyError, runVerify, verifyHelp } from './chain/verify-command.ts';
export { commandOutput } from './command-output.ts';
export * from './cooked-documents.ts';
export { rawDocumentOf } from './entry-documents.ts';
export { changesFile, truncates } from './file-change.ts';
export * from './file-session.ts';
export { longOptions, rewriteGoStyle } from './go-style.ts';
export * from './instant.ts';
export { documentFromJson, documentToJson } from './json.ts';
export { holdsSecret, isOwnCommand, maskedArguments, withoutOwnSecrets, withoutSecrets } from './masked-text.ts';
export * from './missed-calls.ts';
export * from './missed-times.ts';
export * from './moment.ts';
export * from './open.ts';
export * from './raw-documents.ts';
export * from './secret-argument.ts';
export { type SessionChange, type SessionMapping, usersBesideOpener } from './session-changes.ts';
export { RefusedFile } from './spool/refused-file.ts';
export { Spool, type SpoolOptions } from './spool/spool.ts';
export { readSpool, type SpoolDamage, type SpooledBatch, spoolRecord } from './spool/spool-record.ts';
export { reasonOf, StoreError, type StoreErrorCode } from './store-error.ts';
export * from './stores.ts';
export * from './target.ts';
export * from './text.ts';
export * from './visible-text.ts';

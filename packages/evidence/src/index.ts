export * from './cooked-documents.ts';
export * from './json.ts';
export * from './moment.ts';
export * from './open.ts';
export * from './raw-documents.ts';
export { StoreError, type StoreErrorCode } from './store-error.ts';
export * from './stores.ts';
export * from './target.ts';
export * from './text.ts';

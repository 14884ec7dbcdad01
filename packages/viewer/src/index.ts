export { compileGlob, type Pattern } from './options/glob.ts';
export { runViewer } from './run.ts';
export type { EvidenceOptions, World } from './world.ts';

/** For tests of other packages; the programs meet in the database alone. */
export { parseLogLine, parsePayload } from './audit/record.ts';
export { containerPath } from './proc/cgroup.ts';

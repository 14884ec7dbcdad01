/** Whether what a line of a --diag file holds is an event: others may have written the file, or damaged it. Pure. */

import type { PipelineEvent } from '../events.ts';

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const id: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const moment: Check = (value) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const perhaps =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const objectOf =
  (shape: Shape): Check =>
  (value) =>
    faultIn(value, shape) === null;
const mapOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);

const proc = {
  startTicks: id,
  argv: perhaps(listOf(text)),
  comm: perhaps(text),
  exe: perhaps(text),
  exeDeleted: perhaps(orNull((value) => value === true)),
  cwd: perhaps(text),
  rootfs: perhaps(text),
  rootDev: perhaps(text),
  makes: perhaps(objectOf({ containerId: text, rootfs: text, dev: orNull(text) })),
  containerId: perhaps(orNull(text)),
  envNames: perhaps(listOf(text)),
  envNamesCut: perhaps((value) => value === true),
  // The host's number, and one in a namespace below it at least.
  pids: perhaps((value) => listOf(id)(value) && (value as readonly number[]).length > 1),
  namespaces: perhaps(mapOf(number)),
  uid: perhaps(id),
  gid: perhaps(id),
  euid: perhaps(id),
  auid: perhaps(id),
  ses: perhaps(id),
};
const connector = { cpu: id, seq: id, monotonicNs: moment, timeNs: moment, pid: id, tgid: id };
const file = {
  ...{ fd: id, path: text, flags: id, access: text, closeOnExec: flag, fileType: text },
  ...{ dev: orNull(text), inode: orNull(text) },
};
const directory = {
  ...{ fd: id, path: text, closeOnExec: flag, dev: orNull(text), inode: orNull(text), fileType: text },
};
const held = { tgid: id, startTicks: id, fd: id };
const found = {
  ...{ path: text, flags: orNull(id), access: text, closeOnExec: flag, fileType: text },
  ...{ dev: orNull(text), inode: orNull(text), deleted: perhaps(orNull((value) => value === true)) },
  terminal: perhaps((value) => value === true),
};
const descriptor = { fd: id, path: text, flags: id, dev: text, inode: text };
const mount = { source: orNull(text), destination: text, type: orNull(text), rw: orNull(flag) };
const mounted = {
  ...{
    id,
    parent: id,
    mountPoint: text,
    root: text,
    dev: orNull(text),
    fsType: text,
    source: text,
    upperDir: perhaps(text),
  },
};
const container = {
  ...{ containerId: text, runtime: orNull(text), outermostContainerId: text, engine: orNull(text) },
  ...{ source: orNull(text), name: orNull(text), image: orNull(text), imageId: orNull(text), created: orNull(text) },
  ...{ labels: orNull(mapOf(text)), mounts: orNull(listOf(objectOf(mount))) },
};
const content = {
  ...{ fileSessionId: text, path: orNull(text), dev: orNull(text), inode: orNull(text), hashedNs: moment },
  ...{ size: orNull(id), sha256: orNull(text), mtimeNs: orNull(moment), stable: orNull(flag), reason: perhaps(text) },
};
const seenFile = {
  ...{ size: id, mtimeNs: moment, ctimeNs: moment, birthNs: orNull(moment) },
  ...{ fileSystem: text, tellsStores: flag },
};
const missed = { sinceNs: moment, untilNs: moment };
const loss = {
  ...{ timeNs: moment, severity: text, source: text, reason: text },
  ...{ from: orNull(text), to: orNull(text), count: orNull(number) },
  unit: perhaps(text),
  missed: perhaps(objectOf(missed)),
};

const shapes: Readonly<Record<string, Shape>> = {
  fork: { ...connector, parentPid: id, parentTgid: id, ticks: id, proc: orNull(objectOf(proc)) },
  became: { ...connector, proc: orNull(objectOf(proc)) },
  exit: { ...connector, status: id, usage: perhaps(objectOf({ cpuUs: id, maxRssKb: id })) },
  snapshot: {
    ...{ timeNs: moment, startNs: moment, tgid: id, parentTgid: id, again: perhaps((value) => value === true) },
    ...{ tasks: listOf(id), proc: objectOf(proc), files: listOf(objectOf(file)) },
    others: perhaps(listOf(objectOf({ fd: id, closeOnExec: flag }))),
    ioUring: perhaps((value) => value === true),
    ...{ directories: perhaps(listOf(objectOf(directory))), chroot: perhaps(text), mountNamespace: perhaps(id) },
  },
  'descriptor-found': { timeNs: moment, ...held, file: orNull(objectOf(found)), sameAs: perhaps(objectOf(held)) },
  'descriptors-shared': { timeNs: moment, tgid: id, startTicks: id, parentTgid: id },
  rescan: { timeNs: moment, beganNs: moment, sinceNs: moment, alive: listOf(id) },
  'uring-found': { timeNs: moment, tgid: id, startTicks: id, descriptors: listOf(objectOf(descriptor)) },
  loss,
  'calls-missed': { timeNs: moment, ...missed },
  container: { timeNs: moment, data: objectOf(container) },
  mounts: {
    ...{ timeNs: moment, containerId: orNull(text), namespace: orNull(id), entries: listOf(objectOf(mounted)) },
    cut: perhaps((value) => value === true),
  },
  content: { timeNs: moment, key: text, tgid: id, containerId: orNull(text), data: objectOf(content) },
  'file-look': { timeNs: moment, fileSessionId: text, found: orNull(objectOf(seenFile)), reason: orNull(text) },
  star: { timeNs: moment, tgid: id },
  checkpoint: { timeNs: moment },
  'session-start': {
    ...{ timeNs: moment, sessionId: text, host: text, machineId: orNull(text), bootId: text, mode: text, intake: text },
    ...{ kernel: orNull(text), version: text, rules: listOf(text), command: orNull(listOf(text)), stars: listOf(text) },
    ...{ engines: perhaps(listOf(text)), sensitive: perhaps(listOf(text)) },
    ...{ reads: perhaps((value) => value === true), scope: perhaps((value) => value === 'containers') },
  },
  'session-end': { timeNs: moment, reason: text, counters: mapOf(number) },
};

/** @returns the event, or what is wrong with it. */
export function checkedEvent(content: Readonly<Record<string, unknown>>): PipelineEvent | { readonly error: string } {
  const kind = typeof content.kind === 'string' && Object.hasOwn(shapes, content.kind) ? content.kind : null;
  if (kind === null) return { error: 'it names no kind of event' };
  const fault = faultIn(content, shapes[kind] ?? {});
  return fault === null
    ? (content as unknown as PipelineEvent)
    : { error: `its ${fault} is not what a ${kind} has there` };
}

/** The name of the first field that is not what it should be. */
function faultIn(value: unknown, shape: Shape): string | null {
  if (!isObject(value)) return 'content';
  for (const [name, check] of Object.entries(shape)) if (!check(value[name])) return name;
  return null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

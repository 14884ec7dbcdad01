import { isoTime } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import type { SnapshotFile } from '../../src/events.ts';
import { close, closeRange, dup, exec, exit, keyOf, nsAt, open, snapshot, write } from '../support/events.ts';
import { closed, fileSession, record, writes } from '../support/recording.ts';

const file: SnapshotFile = {
  fd: 3,
  path: '/var/log/app',
  flags: 0o102001,
  access: 'write',
  closeOnExec: false,
  dev: 'fe:00',
  inode: '7',
  fileType: 'regular',
};
const running = snapshot(100, { tgid: 20, files: [file] });
const key = keyOf(20, -10_000);

const session = (fields: object) => ({
  ...fileSession(100, 20, -10_000),
  _id: 'boot:run:1:open:20.4000.3',
  fileSessionId: 'boot:run:1:open:20.4000.3',
  path: '/var/log/app',
  inode: '7',
  flags: 0o102001,
  created: false,
  openedBefore: true,
  ...fields,
});

describe('a file that was open when the listener started', () => {
  it('is a session from the snapshot on', () => {
    const { files } = record(running, write(110, 20, 3, 6), close(120, 20, 3));
    const wrote = writes(1, 6, 110, 110);

    expect(files).toEqual([session({ writes: wrote, writers: [{ key, ...wrote }], ...closed(120, 'close') })]);
  });

  it('is written down at the first checkpoint', () => {
    const { fds } = record(running, { kind: 'checkpoint', timeNs: nsAt(150) });
    const checkpoint = { checkpointNs: nsAt(150), checkpoint: isoTime(nsAt(150)) };

    expect(fds).toEqual([session({ _id: `boot:run:1:open:20.4000.3@${nsAt(150)}`, ...checkpoint })]);
  });

  it('gives way to the open call itself, when audit tells it late', () => {
    const { files, fds } = record(
      running,
      open(80, 20, { path: '/var/log/app', inode: '7' }),
      write(110, 20, 3, 6),
      exit(120, { tgid: 20 }),
    );
    const wrote = writes(1, 6, 110, 110);

    expect(files).toEqual([
      fileSession(80, 20, -10_000, {
        path: '/var/log/app',
        inode: '7',
        writes: wrote,
        writers: [{ key, ...wrote }],
        ...closed(120, 'exit'),
      }),
    ]);
    expect(fds).toEqual([]);
  });

  it('is not ended by a close that surely came before the snapshot', () => {
    const { files } = record(running, close(89, 20, 3), close(130, 20, 3));

    expect(files).toEqual([session(closed(130, 'close'))]);
  });

  it('is not touched by any call that surely came before the snapshot', () => {
    const marked = snapshot(100, { tgid: 20, files: [{ ...file, closeOnExec: true }] });
    const { files } = record(
      marked,
      exec(80, 20),
      dup(81, 20, 7, 3),
      closeRange(82, 20, 0, 4294967295),
      closeRange(83, 20, 0, 4294967295, { onExec: true }),
      close(130, 20, 3),
    );

    expect(files).toEqual([session(closed(130, 'close'))]);
  });

  it('is ended by a close that may have come after it, for stamps lag', () => {
    const { files } = record(running, close(95, 20, 3), close(130, 20, 3));

    expect(files).toEqual([session(closed(100, 'close'))]);
  });

  it('is ended, unseen, by an open of the same number after the snapshot', () => {
    const { files } = record(running, open(130, 20));

    expect(files).toEqual([session(closed(130, 'unseen'))]);
  });
});

import { type Area, notRecorded, partlyNotVisible, unnamed } from './situation.ts';

export const opens: Area = {
  title: 'Opening',
  situations: [
    {
      name: 'open',
      what: 'a file is made and written',
      calls: 'open',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'openat',
      what: 'the same below the working directory',
      calls: 'openat',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'openat2',
      what: 'the same with flags behind a pointer',
      calls: 'openat2',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'creat',
      what: 'the same',
      calls: 'creat',
      told: ['./f (WRONLY CREAT TRUNC) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'open-append',
      what: 'two writes at the end (O_APPEND)',
      calls: 'openat, write',
      told: ['./old (WRONLY APPEND), 9 bytes in 2 writes, ended by close'],
    },
    {
      name: 'open-truncate',
      what: 'a file is emptied by opening it (O_TRUNC), nothing is written',
      calls: 'openat',
      told: ['./old (WRONLY TRUNC), ended by close'],
    },
    {
      name: 'open-truncate-to-read',
      what: 'a file is emptied by an open to read (O_TRUNC)',
      calls: 'openat',
      told: ['./old (RDONLY TRUNC), ended by close'],
    },
    {
      name: 'open-create-existing',
      what: 'a file that is there already (O_CREAT)',
      calls: 'openat, write',
      told: ['./old (WRONLY CREAT), 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'open-twice',
      what: 'opened twice, and written by both',
      calls: 'openat, write',
      told: [
        './old (WRONLY), 3 bytes in 1 write, ended by close',
        './old (WRONLY), 6 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'open-readwrite',
      what: 'opened to read and write, but only closed again',
      calls: 'openat',
      told: ['./old (RDWR), ended by close'],
    },
    {
      name: 'open-exclusive',
      what: 'a file is made that must not be there yet (O_EXCL)',
      calls: 'openat',
      told: ['./f (WRONLY CREAT EXCL) made, ended by close'],
    },
    {
      name: 'open-create-to-read',
      what: 'made by an open to read',
      calls: 'openat',
      told: ['./f (RDONLY CREAT) made, ended by close'],
    },
    {
      name: 'open-read',
      what: 'opened to read, and read',
      calls: 'openat, read',
      told: [],
      ...notRecorded('a file that is only read does not change (`--reads` records it)'),
    },
    {
      name: 'open-sensitive',
      what: 'a sensitive file is read',
      calls: 'openat, read',
      told: ['/etc/shadow (RDONLY), ended by close'],
    },
    {
      name: 'open-path',
      what: 'opened for its place only (O_PATH); a write fails',
      calls: 'openat',
      told: [],
      ...notRecorded('nothing is read or written by it'),
    },
    {
      name: 'open-directory',
      what: 'a directory is opened',
      calls: 'openat',
      told: [],
      ...notRecorded('a directory that is only read does not change'),
    },
    {
      name: 'open-failing',
      what: 'opens that fail (EEXIST, ENOENT, EISDIR, ENOTDIR)',
      calls: 'openat',
      told: [],
      ...notRecorded('an open that fails changes nothing'),
    },
    {
      name: 'open-tmpfile',
      what: 'a file without a name is written (O_TMPFILE)',
      calls: 'openat, write',
      told: [
        '(no name) (inode unknown) (WRONLY TMPFILE) made, 5 bytes in 1 write, ended by close; an unnamed file (O_TMPFILE) in .',
      ],
      ...partlyNotVisible(unnamed),
    },
    {
      name: 'open-tmpfile-linked',
      what: 'it gets a name through /proc/self/fd and is written again',
      calls: 'openat, linkat',
      told: [
        './named (WRONLY TMPFILE) made, 9 bytes in 2 writes, ended by close; an unnamed file (O_TMPFILE) in .; it was written under no name until it was linked under this one',
        'link /proc/self/fd/3 → ./named, path on the host unknown',
      ],
    },
    {
      name: 'open-tmpfile-linked-by-descriptor',
      what: 'it gets a name by its descriptor (AT_EMPTY_PATH)',
      calls: 'openat, linkat',
      told: [
        './named (WRONLY TMPFILE) made, 5 bytes in 1 write, ended by close; an unnamed file (O_TMPFILE) in .; it was written under no name until it was linked under this one',
        'link (no name) → ./named (given by a descriptor)',
      ],
    },
    {
      name: 'memfd',
      what: 'a file in memory is written',
      calls: 'memfd_create, write',
      told: ['/memfd:notes (RDWR) made, 5 bytes in 1 write, path on the host unknown, ended by close'],
    },
    {
      name: 'open-by-handle',
      what: 'opened by a handle and written',
      calls: 'open_by_handle_at, write',
      told: ['./old (WRONLY), 5 bytes in 1 write, ended by close; opened by handle: its path was found in /proc'],
    },
    {
      name: 'open-null-device',
      what: '/dev/null is written',
      calls: 'openat, write',
      told: ['/dev/null (character) (WRONLY), 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'open-fifo',
      what: 'a FIFO is made and written',
      calls: 'mknod, openat, write',
      told: ['mknod ./fifo (fifo), mode 0600', './fifo (fifo) (RDWR), 5 bytes in 1 write, ended by close'],
    },
  ],
};

import { type Area, notVisible, partlyNotVisible } from './situation.ts';

export const rings: Area = {
  title: 'io_uring',
  situations: [
    {
      name: 'io_uring-all',
      what: 'opened, written and closed',
      calls: 'IORING_OP_OPENAT, WRITE, CLOSE',
      told: [
        './f (WRONLY) made, ended by exit; opened by io_uring, which does not tell how: descriptor, path and flags are what /proc showed a moment later; its process used io_uring, whose writes audit does not tell: there may be more than are counted; its process closed a file by io_uring, audit does not tell which: it may have ended before, and what was written since been another file',
        'event io-uring, seen setup',
      ],
      ...partlyNotVisible(
        'the write, which audit passes over (audit_skip in io_uring/opdef.c); the arguments of the open, and which file was closed: its records have none',
      ),
    },
    {
      name: 'io_uring-open',
      what: 'opened only; written and closed by system calls',
      calls: 'IORING_OP_OPENAT, write',
      told: [
        './f (WRONLY) made, 5 bytes in 1 write, ended by close; opened by io_uring, which does not tell how: descriptor, path and flags are what /proc showed a moment later; its process used io_uring, whose writes audit does not tell: there may be more than are counted',
        'event io-uring, seen setup',
      ],
      ...partlyNotVisible('the arguments of the open: its record has none, and /proc shows what came of it'),
    },
    {
      name: 'io_uring-write',
      what: 'written only',
      calls: 'openat, IORING_OP_WRITE',
      told: [
        './f (WRONLY CREAT) made, ended by close; its process used io_uring, whose writes audit does not tell: there may be more than are counted',
        'event io-uring, seen setup',
      ],
      ...notVisible('audit passes over it (audit_skip in io_uring/opdef.c)'),
    },
    {
      name: 'io_uring-writev',
      what: 'written only, in parts',
      calls: 'openat, IORING_OP_WRITEV',
      told: [
        './f (WRONLY CREAT) made, ended by close; its process used io_uring, whose writes audit does not tell: there may be more than are counted',
        'event io-uring, seen setup',
      ],
      ...notVisible('audit passes over it (audit_skip in io_uring/opdef.c)'),
    },
    {
      name: 'io_uring-fallocate',
      what: '4 bytes become 100',
      calls: 'openat, IORING_OP_FALLOCATE',
      told: [
        './old (WRONLY), ended by close; its process used io_uring, whose writes audit does not tell: there may be more than are counted',
        'event io-uring, seen setup',
        'event io-uring, operation fallocate',
      ],
      ...partlyNotVisible('which file, and what became of it: the record has no arguments and no result'),
    },
    {
      name: 'io_uring-ftruncate',
      what: '4 bytes become 100',
      calls: 'openat, IORING_OP_FTRUNCATE',
      told: [
        './old (WRONLY), ended by close; its process used io_uring, whose writes audit does not tell: there may be more than are counted',
        'event io-uring, seen setup',
        'event io-uring, operation ftruncate',
      ],
      ...partlyNotVisible('which file, and what became of it: the record has no arguments and no result'),
    },
    {
      name: 'io_uring-names',
      what: 'renamed, made, linked, removed',
      calls: 'IORING_OP_RENAMEAT, MKDIRAT, LINKAT, SYMLINKAT, UNLINKAT',
      told: [
        'rename (no name) #1 → (no name); io_uring does not tell the name: it is in the directory with inode …',
        'mkdir (no name) #2 (directory); io_uring does not tell the name: it is in the directory with inode …',
        'link (no name) #1 → (no name); io_uring does not tell the name: it is in the directory with inode …',
        'symlink (no name) #3 (symlink); io_uring does not tell the name: it is in the directory with inode …',
        'unlink (no name) #1; done by io_uring: whether it succeeded is not told; io_uring does not tell the name: it is in the directory with inode …',
        'rmdir (no name) #2 (directory); done by io_uring: whether it succeeded is not told; io_uring does not tell the name: it is in the directory with inode …',
        'event io-uring, seen setup',
      ],
      ...partlyNotVisible('names and results: a worker of the kernel does it, and its records have neither'),
    },
  ],
};

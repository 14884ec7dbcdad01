import type { Area } from './situation.ts';

export const rings: Area = {
  title: 'io_uring',
  situations: [
    {
      name: 'io_uring-all',
      what: 'opened, written and closed',
      calls: 'IORING_OP_OPENAT, WRITE, CLOSE',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
      pending: true,
    },
    {
      name: 'io_uring-open',
      what: 'opened only; written and closed by system calls',
      calls: 'IORING_OP_OPENAT, write',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
      pending: true,
    },
    {
      name: 'io_uring-write',
      what: 'written only',
      calls: 'openat, IORING_OP_WRITE',
      told: ['./f (WRONLY CREAT) made, ended by close'],
      pending: true,
    },
    {
      name: 'io_uring-writev',
      what: 'written only, in parts',
      calls: 'openat, IORING_OP_WRITEV',
      told: ['./f (WRONLY CREAT) made, ended by close'],
      pending: true,
    },
    {
      name: 'io_uring-fallocate',
      what: '4 bytes become 100',
      calls: 'openat, IORING_OP_FALLOCATE',
      told: ['./old (WRONLY), ended by close'],
      pending: true,
    },
    {
      name: 'io_uring-ftruncate',
      what: '4 bytes become 100',
      calls: 'openat, IORING_OP_FTRUNCATE',
      told: ['./old (WRONLY), ended by close'],
      pending: true,
    },
    {
      name: 'io_uring-names',
      what: 'renamed, made, linked, removed',
      calls: 'IORING_OP_RENAMEAT, MKDIRAT, LINKAT, SYMLINKAT, UNLINKAT',
      told: [],
      pending: true,
    },
  ],
};

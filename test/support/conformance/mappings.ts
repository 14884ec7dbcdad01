import { type Area, partlyNotVisible, stores } from './situation.ts';

export const mappings: Area = {
  title: 'Writing through memory',
  situations: [
    {
      name: 'mmap-written',
      what: '4 bytes are written through a shared mapping',
      calls: 'mmap, munmap',
      told: ['./old (RDWR), 1 shared mapping by itself: written, ended by close'],
      ...partlyNotVisible(stores),
    },
    {
      name: 'mmap-not-written',
      what: 'a shared writable mapping is only read',
      calls: 'mmap, munmap',
      told: ['./old (RDWR), 1 shared mapping by itself: not written, ended by close'],
    },
    {
      name: 'mmap-synchronised',
      what: 'written, and brought to the disk at once',
      calls: 'mmap, msync',
      told: ['./old (RDWR), 1 shared mapping by itself: written, ended by close'],
      ...partlyNotVisible(stores),
    },
    {
      name: 'mmap-after-close',
      what: 'written after the descriptor was closed',
      calls: 'mmap, close',
      told: ['./old (RDWR), 1 shared mapping by itself: written, ended by close'],
      ...partlyNotVisible(stores),
    },
    {
      name: 'mmap-private',
      what: 'a private mapping is written: the file stays as it is',
      calls: 'mmap',
      told: ['./old (RDWR), ended by close'],
    },
    {
      name: 'mmap-read',
      what: 'a file opened to read is mapped',
      calls: 'mmap',
      told: [],
    },
    {
      name: 'mmap-made-writable',
      what: 'mapped to read, then made writable and written',
      calls: 'mmap, mprotect',
      told: ['./old (RDWR), 1 shared mapping to read by itself: written, ended by close'],
      ...partlyNotVisible(stores),
    },
    {
      name: 'mmap-written-by-child',
      what: "a child writes through its parent's mapping",
      calls: 'mmap, fork',
      told: ['./old (RDWR), 1 shared mapping by itself and its child: written, ended by close'],
      ...partlyNotVisible(stores),
    },
    {
      name: 'mmap-old-call',
      what: 'written through a mapping by the old call',
      calls: 'old_mmap',
      told: ['./old (RDWR), 1 shared mapping by itself: written, ended by close'],
      only: 'i386',
      ...partlyNotVisible(stores),
    },
  ],
};

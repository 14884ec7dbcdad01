import { type Area, behindPointer, notVisible, partlyNotVisible } from './situation.ts';

export const writes: Area = {
  title: 'Writing',
  situations: [
    {
      name: 'write',
      what: 'two writes',
      calls: 'write',
      told: ['./f (WRONLY CREAT) made, 9 bytes in 2 writes, ended by close'],
    },
    {
      name: 'pwrite64',
      what: '5 bytes at a place of their own',
      calls: 'pwrite64',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'writev',
      what: 'two parts at once',
      calls: 'writev',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'pwritev',
      what: 'two parts at once at a place of their own',
      calls: 'pwritev',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'pwritev2',
      what: 'the same with flags',
      calls: 'pwritev2',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'sendfile',
      what: '4 bytes from another file, then none',
      calls: 'sendfile',
      told: ['./f (WRONLY CREAT) made, 4 bytes in 1 write, ended by close'],
    },
    {
      name: 'sendfile64',
      what: 'the same by the call for long files',
      calls: 'sendfile64',
      told: ['./f (WRONLY CREAT) made, 4 bytes in 1 write, ended by close'],
      only: 'i386',
    },
    {
      name: 'splice',
      what: 'from a pipe',
      calls: 'splice',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'splice-out',
      what: 'out of a file that was opened to read and write, into a pipe',
      calls: 'splice, sendfile',
      told: ['./old (RDWR), ended by close'],
    },
    {
      name: 'copy_file_range',
      what: '4 bytes from another file',
      calls: 'copy_file_range',
      told: ['./f (WRONLY CREAT) made, 4 bytes in 1 write, ended by close'],
    },
    {
      name: 'write-in-part',
      what: '9 bytes are given, 6 fit the limit; then a write fails (EFBIG)',
      calls: 'write',
      told: ['./f (WRONLY CREAT) made, 6 bytes in 1 write, ended by close'],
    },
    {
      name: 'write-nothing',
      what: 'a write of no bytes',
      calls: 'write',
      told: ['./f (WRONLY CREAT) made, ended by close'],
    },
    {
      name: 'write-failing',
      what: 'writes that fail (EFAULT, EINVAL)',
      calls: 'write, pwrite64',
      told: ['./f (WRONLY CREAT) made, ended by close'],
    },
    {
      name: 'write-full-device',
      what: 'a write to a full device fails (ENOSPC)',
      calls: 'openat, write',
      told: ['/dev/full (character) (WRONLY), ended by close'],
    },
    {
      name: 'ftruncate',
      what: '4 bytes become 100; another try fails (EINVAL)',
      calls: 'ftruncate',
      told: [
        './old (WRONLY), 1 other change by itself, ended by close',
        'truncate ./old (given by a descriptor), size 100',
        'truncate ./old (given by a descriptor), size -1, failed (EINVAL)',
      ],
    },
    {
      name: 'ftruncate64',
      what: '4 bytes become 4,886,718,345',
      calls: 'ftruncate64',
      told: [
        './old (WRONLY), 1 other change by itself, ended by close',
        'truncate ./old (given by a descriptor), size 4886718345',
      ],
      only: 'i386',
    },
    {
      name: 'fallocate',
      what: '4 bytes become 100',
      calls: 'fallocate',
      told: [
        './old (WRONLY), 1 other change by itself, ended by close',
        'fallocate ./old (given by a descriptor), allocation allocate, offset 0, length 100',
      ],
      told32: [
        './old (WRONLY), 1 other change by itself, ended by close',
        'fallocate ./old (given by a descriptor), allocation allocate, offset 0',
      ],
      ...partlyNotVisible('the length on i386: it is the fifth argument, and records have four'),
    },
    {
      name: 'fallocate-hole',
      what: '2 bytes become a hole',
      calls: 'fallocate',
      told: [
        './old (WRONLY), 1 other change by itself, ended by close',
        'fallocate ./old (given by a descriptor), allocation punch-hole, keepSize true, offset 0, length 2',
      ],
      told32: [
        './old (WRONLY), 1 other change by itself, ended by close',
        'fallocate ./old (given by a descriptor), allocation punch-hole, keepSize true, offset 0',
      ],
      ...partlyNotVisible('the length on i386: it is the fifth argument, and records have four'),
    },
    {
      name: 'ficlone',
      what: 'a file becomes a clone of another (btrfs)',
      calls: 'ioctl FICLONE',
      told: [
        'btrfs:/clone (WRONLY CREAT) made, 1 other change by itself, ended by close',
        'clone btrfs:/clone (given by a descriptor), fromFd 3',
      ],
    },
    {
      name: 'ficlonerange',
      what: '4,096 bytes of another file are shared (btrfs)',
      calls: 'ioctl FICLONERANGE',
      told: [
        'btrfs:/clone-range (WRONLY CREAT) made, 1 other change by itself, ended by close',
        'clone btrfs:/clone-range (given by a descriptor)',
      ],
      ...partlyNotVisible(behindPointer('the file that it shares with')),
    },
    {
      name: 'ficlone-failing',
      what: 'a clone of a device fails',
      calls: 'ioctl FICLONE',
      told: [
        'btrfs:/clone-failing (WRONLY CREAT) made, ended by close',
        'clone btrfs:/clone-failing (given by a descriptor), fromFd 3, failed (EXDEV)',
      ],
    },
    {
      name: 'io_submit',
      what: '5 bytes by asynchronous I/O',
      calls: 'io_submit',
      told: ['./f (WRONLY CREAT) made, ended by close'],
      ...notVisible('the requests stand behind a pointer, and the kernel makes no record of them'),
    },
  ],
};

import { type Area, notVisible, partlyNotRecorded, partlyNotVisible } from './situation.ts';

export const names: Area = {
  title: 'Names',
  situations: [
    {
      name: 'name-absolute',
      what: 'an absolute name',
      calls: 'openat',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-chdir',
      what: 'relative to a changed working directory',
      calls: 'chdir, openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-renamed-cwd',
      what: 'relative to a working directory that was renamed since',
      calls: 'rename, openat',
      told: [
        'rename ./dir #1 → ./folder (directory)',
        './folder/f #2 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'name-fchdir',
      what: 'the same, changed by a descriptor',
      calls: 'fchdir, openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-below-directory',
      what: 'below a descriptor of a directory',
      calls: 'openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-below-path',
      what: 'below one that was opened for its place only (O_PATH)',
      calls: 'openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-below-plain',
      what: 'below one that was opened without O_DIRECTORY',
      calls: 'openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-below-inherited',
      what: 'below an inherited one',
      calls: 'fork, openat',
      told: ['./dir/f (WRONLY CREAT) made by its child, 5 bytes in 1 write by its child, ended by close'],
    },
    {
      name: 'name-below-copy',
      what: 'below a copy of one',
      calls: 'dup, openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-below-renamed',
      what: 'below one whose directory was renamed since',
      calls: 'rename, openat',
      told: [
        'rename ./dir #1 → ./folder (directory)',
        './folder/f #2 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'name-below-renamed-above',
      what: "below one whose directory's directory was renamed since",
      calls: 'rename, openat',
      told: [
        'mkdir ./dir/sub #1 (directory), mode 0755',
        'rename ./dir #2 → ./folder (directory)',
        './folder/sub/f #3 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'name-below-received',
      what: 'below one that was sent over a socket',
      calls: 'recvmsg, openat',
      told: ['./dir/f (WRONLY CREAT) made by its child, 5 bytes in 1 write by its child, ended by close'],
    },
    {
      name: 'name-below-executed',
      what: 'below an inherited one, by a program that was executed',
      calls: 'execve, openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-below-shared',
      what: 'below one that was opened by a child which shares the descriptors',
      calls: 'clone CLONE_FILES, openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-below-symlink',
      what: 'below one that was opened through a symbolic link',
      calls: 'symlink, openat',
      told: [
        'symlink ./soft #1 → "dir" (symlink)',
        './soft/f #2 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'name-below-changed-symlink',
      what: 'the same when that link leads elsewhere by now',
      calls: 'unlink, symlink, openat',
      told: [
        'mkdir ./other #1 (directory), mode 0755',
        'symlink ./soft #2 → "dir" (symlink)',
        'unlink ./soft #2 (symlink)',
        'symlink ./soft #2 → "other" (symlink)',
        'f (unresolved, below a descriptor) #3 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
      ...partlyNotRecorded(
        'where the directory lies: of the paths that it was met under the last is kept, and that is its own no more',
      ),
    },
    {
      name: 'name-below-exchanged',
      what: 'below one that was exchanged with another since',
      calls: 'renameat2, openat',
      told: [
        'mkdir ./other #1 (directory), mode 0755',
        'rename ./dir #2 → ./other (directory), exchanged with #1',
        './other/f #3 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'name-below-and-up',
      what: '`../f` below one',
      calls: 'openat',
      told: ['./dir/../f (WRONLY CREAT) made, 5 bytes in 1 write, path on the host unknown, ended by close'],
    },
    {
      name: 'name-below-here',
      what: 'below one of the working directory',
      calls: 'openat',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-absolute-below',
      what: 'an absolute name, given with a descriptor',
      calls: 'openat',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-below-proc-descriptor',
      what: '`/proc/self/fd/N/f` of an open directory',
      calls: 'openat',
      told: ['/proc/self/fd/3/f (WRONLY CREAT) made, 5 bytes in 1 write, path on the host unknown, ended by close'],
      ...partlyNotVisible(
        'where links of /proc lead: the records have the name that was given; device and inode say which file it is',
      ),
    },
    {
      name: 'name-below-used-again',
      what: 'below a number that meant one directory, then another',
      calls: 'openat, close',
      told: [
        'mkdir ./other #1 (directory), mode 0755',
        './dir/f #2 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
        './other/g #3 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'name-operation-below',
      what: 'operations below a descriptor',
      calls: 'mkdirat, renameat, unlinkat',
      told: ['mkdir ./dir/new #1 (directory), mode 0755', 'rename ./dir/in #2 → ./dir/out', 'unlink ./dir/out #2'],
    },
    {
      name: 'name-chroot',
      what: 'in a root directory of its own',
      calls: 'chroot, chdir, openat',
      told: [
        '/f #1 (WRONLY CREAT) made, 5 bytes in 1 write, path on the host ./dir/f, ended by close',
        '/g #2 (WRONLY CREAT) made, 5 bytes in 1 write, path on the host ./dir/g, ended by close',
        'event chroot, rootfs ./dir, root ./dir, rootBefore /',
      ],
    },
    {
      name: 'name-chroot-shared',
      what: 'the root directory is changed by a child that shares it',
      calls: 'clone CLONE_FS, chroot, openat',
      told: [
        '/f (WRONLY CREAT) made, 5 bytes in 1 write, path on the host ./dir/f, ended by close',
        'event chroot by its child, rootfs ./dir, root ./dir, rootBefore /',
        'event chroot, rootfs ./dir, root ./dir, rootBefore /',
      ],
    },
    {
      name: 'name-beside-chroot',
      what: 'relative to a working directory outside of that root',
      calls: 'chroot, openat',
      told: [
        './f (WRONLY CREAT) made, 5 bytes in 1 write, path on the host ./dir./f, ended by close',
        'event chroot, rootfs ./dir, root ./dir, rootBefore /',
      ],
      ...notVisible(
        'that the working directory is outside of the root: d_path tells it as if it were inside, so that the place on the host is wrong',
      ),
    },
    {
      name: 'name-resolve-in-root',
      what: 'an absolute name below a descriptor (RESOLVE_IN_ROOT)',
      calls: 'openat2',
      told: [
        './dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close; looked up with RESOLVE_IN_ROOT: absolute symbolic links in its path lead below the directory',
      ],
    },
    {
      name: 'name-up',
      what: '`../f`',
      calls: 'openat',
      told: ['./f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-up-and-down',
      what: '`dir/../f`',
      calls: 'openat',
      told: ['./dir/../f (WRONLY CREAT) made, 5 bytes in 1 write, path on the host unknown, ended by close'],
    },
    {
      name: 'name-slashes',
      what: '`dir//f`',
      calls: 'openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-dots',
      what: '`./dir/./f`',
      calls: 'openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-blank',
      what: 'a blank at the end of the name',
      calls: 'openat',
      told: ['./f  (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-three-dots',
      what: '`...`',
      calls: 'openat',
      told: ['./... (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-newline',
      what: 'a line feed in the name',
      calls: 'openat',
      told: ['./one\\ntwo (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-no-utf8',
      what: 'a name that is not UTF-8',
      calls: 'openat',
      told: ['./f�� (WRONLY CREAT) made, 5 bytes in 1 write, pathHex .2f66fffe, hostPathHex .2f66fffe, ended by close'],
    },
    {
      name: 'name-quotes',
      what: 'quotes, blanks and a backslash',
      calls: 'openat',
      told: ['./a "b" \\c (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-longest',
      what: 'a name of 255 bytes',
      calls: 'openat',
      told: ['./n{255} (WRONLY CREAT) made, 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-longest-path',
      what: 'a name of 3,619 bytes',
      calls: 'openat',
      told: [
        './n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/n{200}/f (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'name-symlink',
      what: 'through a symbolic link',
      calls: 'symlink, openat',
      told: ['symlink ./soft #1 → "old" (symlink)', './soft #2 (WRONLY), 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-directory-symlink',
      what: 'through a symbolic link to its directory',
      calls: 'symlink, openat',
      told: [
        'symlink ./soft #1 → "dir" (symlink)',
        './soft/f #2 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'name-proc-descriptor',
      what: '`/proc/self/fd/N` of an open file',
      calls: 'openat',
      told: ['/proc/self/fd/3 (WRONLY), 5 bytes in 1 write, path on the host unknown, ended by close'],
      ...partlyNotVisible(
        'where links of /proc lead: the records have the name that was given; device and inode say which file it is',
      ),
    },
    {
      name: 'name-dev-descriptor',
      what: '`/dev/fd/N` of an open file',
      calls: 'openat',
      told: ['/dev/fd/3 (WRONLY), 5 bytes in 1 write, path on the host unknown, ended by close'],
      ...partlyNotVisible(
        'where links of /proc lead: the records have the name that was given; device and inode say which file it is',
      ),
    },
    {
      name: 'name-standard-output',
      what: '`/dev/stdout`, which is a file',
      calls: 'dup2, openat',
      told: ['./f (WRONLY CREAT) made, ended by exit', './f (WRONLY), 5 bytes in 1 write, ended by close'],
    },
    {
      name: 'name-proc-cwd',
      what: '`/proc/self/cwd/f`',
      calls: 'openat',
      told: ['/proc/self/cwd/f (WRONLY CREAT) made, 5 bytes in 1 write, path on the host unknown, ended by close'],
      ...partlyNotVisible(
        'where links of /proc lead: the records have the name that was given; device and inode say which file it is',
      ),
    },
    {
      name: 'name-deleted-directory',
      what: 'relative to a working directory that was removed',
      calls: 'rmdir, openat',
      told: [
        'mkdir ./gone #1 (directory), mode 0755',
        'rmdir ./gone #1 (directory)',
        './f #2 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'name-bind-mount',
      what: 'below a bind mount',
      calls: 'mount, openat',
      told: [
        'mkdir ./bound #1 (directory), mode 0755',
        './bound/f #2 (WRONLY CREAT) made, 5 bytes in 1 write, ended by close',
      ],
    },
    {
      name: 'name-tmpfs',
      what: 'in a tmpfs that was mounted since',
      calls: 'mount, openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, path on the host unknown, ended by close'],
      ...partlyNotRecorded('the mount, which was made after godo started: it tells the path as the process has it'),
    },
    {
      name: 'name-overlay',
      what: 'in an overlay: a file of its lower directory',
      calls: 'mount, openat',
      told: [
        'mkdir ./upper #1 (directory), mode 0755',
        'mkdir ./work #2 (directory), mode 0755',
        'mkdir ./merged #3 (directory), mode 0755',
        './merged/in #4 (WRONLY CREAT), 5 bytes in 1 write, path on the host unknown, ended by close',
      ],
      ...partlyNotRecorded('the mount, which was made after godo started: it tells the path as the process has it'),
    },
    {
      name: 'name-mount-namespace',
      what: 'in a tmpfs of a mount namespace of its own',
      calls: 'unshare, mount, openat',
      told: ['./dir/f (WRONLY CREAT) made, 5 bytes in 1 write, path on the host unknown, ended by close'],
      ...partlyNotRecorded('the mount, which was made after godo started: it tells the path as the process has it'),
    },
    {
      name: 'name-pivot-root',
      what: 'in a root directory by pivot_root',
      calls: 'unshare, pivot_root, openat',
      told: [
        'mkdir ./dir/before #1 (directory), mode 0755, path on the host unknown',
        '/f #2 (WRONLY CREAT) made, 5 bytes in 1 write, path on the host unknown, ended by close',
      ],
      ...partlyNotRecorded(
        'the mount namespace, which no program was executed in: it tells the path as the process has it',
      ),
    },
  ],
};

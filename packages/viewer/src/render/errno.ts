/** Names of the errors that recorded calls give; the numbers are Linux's, whatever the viewer runs on. */
const names: Readonly<Record<number, string>> = {
  ...{
    1: 'EPERM',
    2: 'ENOENT',
    4: 'EINTR',
    5: 'EIO',
    7: 'E2BIG',
    8: 'ENOEXEC',
    9: 'EBADF',
    11: 'EAGAIN',
    12: 'ENOMEM',
  },
  ...{ 13: 'EACCES', 14: 'EFAULT', 16: 'EBUSY', 17: 'EEXIST', 18: 'EXDEV', 20: 'ENOTDIR', 21: 'EISDIR', 22: 'EINVAL' },
  ...{ 23: 'ENFILE', 24: 'EMFILE', 26: 'ETXTBSY', 27: 'EFBIG', 28: 'ENOSPC', 30: 'EROFS', 31: 'EMLINK', 34: 'ERANGE' },
  ...{ 36: 'ENAMETOOLONG', 38: 'ENOSYS', 39: 'ENOTEMPTY', 40: 'ELOOP', 61: 'ENODATA', 75: 'EOVERFLOW', 80: 'ELIBBAD' },
  ...{ 95: 'EOPNOTSUPP', 116: 'ESTALE', 122: 'EDQUOT' },
};

/** Of either sign. */
export function errnoName(errno: number): string {
  return names[Math.abs(errno)] ?? `errno ${Math.abs(errno)}`;
}

/** What programs of everyday do to the files of a container: each line of shell is run in a container of its own. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from './run-program.ts';

export interface Workload {
  readonly name: string;
  /** For bash -e. What {@link makeInputs} made is in /in. */
  readonly script: string;
  /** Time for it, s; 60 where it is not given. */
  readonly seconds?: number;
  /** Arguments of the docker client, while the container runs; `ID` is its id, `/in` the folder on the host. */
  readonly outside?: readonly (readonly string[])[];
}

/** Changes that docker diff does not list: it compares no attributes, and a file's size and times instead of what is in it. */
export const unseenByDocker: Workload & { readonly changes: readonly string[] } = {
  name: 'what docker diff does not see',
  script: 'cp -a /usr/share/base-files/profile /etc/profile && setfattr -n user.a -v b /etc/issue',
  changes: ['C /etc/issue', 'C /etc/profile'],
};

export const workloads: readonly Workload[] = [
  {
    name: 'dpkg: install, upgrade, purge',
    script: `
      dpkg -i /in/demo_1_all.deb
      dpkg -i /in/demo_2_all.deb
      dpkg --purge attr`,
  },
  {
    name: 'tar extract',
    script: `
      mkdir /srv/unpacked && tar -C /srv/unpacked -xf /in/tree.tar
      tar -C / -xf /in/over.tar
      tar -C /srv/unpacked --overwrite -xf /in/tree.tar tree/b`,
  },
  {
    name: 'git clone and commit',
    script: `
      cd /root && git clone -q /in/repo.git work && cd work
      git config user.name n && git config user.email e@x
      echo more >> a.txt && git mv b.txt c.txt && git rm -q d/e.txt && git add -A && git commit -q -m second
      git checkout -q -b other HEAD~1 && git merge -q -m merged master
      git gc -q && git stash list`,
  },
  {
    name: 'gcc build',
    script: `
      cp -r /in/project /root/project && cd /root/project
      make -s && ./hello && make -s install && make -s clean`,
  },
  {
    name: 'sed -i',
    script: `
      sed -i 's/DSHELL/dshell/' /etc/adduser.conf
      sed -i.bak 's/a/b/' /etc/deluser.conf /etc/issue
      sed -i '1d' "/etc/motd"`,
  },
  {
    name: 'cp -a',
    script: `
      cp -a /etc/apt /root/apt
      mkdir /srv/files && cp -a /usr/share/base-files/. /srv/files/
      cp -a /usr/share/base-files/profile /etc/motd
      cp --remove-destination /etc/issue /etc/issue.net
      cp -l /root/apt/sources.list /root/hard && ln -s hard /root/soft && cp -a /root/soft /root/soft2
      cp /etc/passwd '/root/a name with  blanks '`,
  },
  {
    name: 'mv across directories',
    script: `
      mv /etc/issue /root/moved && mv /root/moved /srv/
      mv /etc/apt /srv/apt && mv /srv/apt /root/apt2
      echo new > /root/new && mv /root/new /etc/debian_version
      mkdir -p /root/d/e && echo x > /root/d/e/f && mv /root/d /srv/dir && mv /srv/dir/e/f /srv/dir/g
      mv /etc/deluser.conf /etc/away && mv /etc/away /etc/deluser.conf
      mv -n /etc/motd /etc/issue.net || true`,
  },
  {
    name: 'rsync',
    script: `
      rsync -a /usr/share/perl5/ /srv/perl/
      rsync -a --delete --exclude=Debconf /usr/share/base-files/ /srv/perl/
      rsync -a --inplace --no-whole-file /etc/passwd /srv/perl/profile
      rsync -a --backup --suffix=.old /in/project/ /usr/share/base-files/`,
  },
  {
    name: 'cpio',
    script: `
      cd /usr/share/base-files && find . -depth | cpio -pdm /srv/copied
      mkdir /srv/in && cd /srv/in && cpio -idm < /in/tree.cpio
      cd / && find etc/apt | cpio -o > /root/apt.cpio`,
  },
  {
    name: 'sqlite3 with WAL',
    script: `
      cd /srv && sqlite3 a.db 'pragma journal_mode=wal; create table t(a); insert into t values (1);'
      sqlite3 a.db 'insert into t select a + 1 from t; vacuum;'
      sqlite3 b.db 'pragma journal_mode=delete; create table t(a); insert into t values (1);'
      (echo 'pragma journal_mode=wal; create table t(a); insert into t values (2);'; sleep 1; kill -9 $BASHPID) | sqlite3 c.db & 
      sleep 0.5; kill -9 $(pidof sqlite3); wait || true`,
  },
  {
    name: 'python3: files and mmap',
    script: `
      python3 /in/writer.py`,
  },
  {
    name: 'logrotate',
    script: `
      mkdir -p /var/log/app && echo old > /var/log/app/a.log.1 && echo now > /var/log/app/a.log
      (exec >> /var/log/app/a.log; for i in 1 2 3 4 5 6; do echo line $i; sleep 0.2; done) &
      logrotate -f /in/rotate.conf
      wait
      logrotate -f /in/rotate.conf`,
  },
  {
    name: 'shred -u, truncate, dd, touch',
    script: `
      shred -u /etc/issue && echo secret > /root/s && shred -n 1 -u /root/s
      truncate -s 0 /etc/issue.net && truncate -s 5000 /root/t
      dd if=/dev/zero of=/root/z bs=1k count=4 status=none && dd if=/dev/zero of=/etc/motd bs=1 count=1 conv=notrunc status=none
      touch /etc/hostname.new /etc/host.conf && chmod 600 /etc/gai.conf && chmod 644 /etc/passwd
      chown 1:1 /etc/networks && chown 0:0 /etc/shells && install -m 755 /etc/passwd /usr/local/bin/tool`,
  },
  {
    name: 'rm, made again, links, pipes',
    script: `
      rm -rf /usr/share/base-files && mkdir /usr/share/base-files && echo x > /usr/share/base-files/motd
      rm -r /etc/apt && rm /etc/host.conf && echo again > /etc/host.conf
      mkfifo /root/fifo && mknod /root/device c 1 3 && ln -s /x /root/soft && ln /etc/passwd /root/hard && echo >> /root/hard
      ln /etc/group /root/g && rm /etc/group && mv /root/g /etc/group
      mkdir -p /root/a/b/c && rmdir -p /root/a/b/c || true
      for i in $(seq 200); do echo $i > /tmp/$i; done; rm /tmp/1*`,
  },
  {
    name: 'docker cp and exec',
    script: 'sleep 60',
    outside: [
      ['cp', '/in/tree', 'ID:/srv/'],
      ['cp', '/in/tree/a', 'ID:/etc/motd'],
      ['exec', 'ID', 'sh', '-c', 'echo more >> /etc/issue; rm /etc/issue.net; mv /srv/tree/a /srv/tree/z'],
      ['exec', '-w', '/root', '-u', '1:1', 'ID', 'sh', '-c', 'echo x > /tmp/x'],
      ['kill', 'ID'],
      ['cp', '/in/tree/a', 'ID:/root/later'],
    ],
  },
  {
    name: 'PostgreSQL: initdb, pgbench',
    seconds: 120,
    script: `
      export PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
      su postgres -c "initdb -D /var/lib/postgresql/db -A trust > /dev/null"
      su postgres -c "pg_ctl -w -D /var/lib/postgresql/db -l /var/lib/postgresql/log start > /dev/null"
      su postgres -c "createdb bench && pgbench -q -i bench && pgbench -T 2 bench" > /root/bench
      su postgres -c "psql -qc 'drop table pgbench_history; checkpoint' bench"
      su postgres -c "pg_ctl -w -m fast -D /var/lib/postgresql/db stop > /dev/null"`,
  },
];

/** Lays out what the workloads start from. */
export async function makeInputs(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await makePackages(folder);
  await makeTrees(folder);
  await makeRepository(folder);
  await makeProject(join(folder, 'project'));
  await writeFile(join(folder, 'writer.py'), writer);
  await writeFile(
    join(folder, 'rotate.conf'),
    '/var/log/app/*.log {\n  rotate 2\n  create 640 root root\n  compress\n  delaycompress\n}\n',
  );
}

/** Two versions of a package: the second has a file less, one more, and other contents. */
async function makePackages(folder: string): Promise<void> {
  for (const version of [1, 2]) {
    const root = join(folder, `demo-${version}`);
    await mkdir(join(root, 'DEBIAN'), { recursive: true });
    await mkdir(join(root, 'usr/share/demo'), { recursive: true });
    await mkdir(join(root, 'etc/demo'), { recursive: true });
    const control = [
      'Package: demo',
      `Version: ${version}`,
      'Architecture: all',
      'Maintainer: n <e@x>',
      'Description: d',
    ];
    await writeFile(join(root, 'DEBIAN/control'), `${control.join('\n')}\n`);
    await writeFile(join(root, 'DEBIAN/conffiles'), '/etc/demo/demo.conf\n');
    const postinst = `#!/bin/sh\necho ${version} > /var/lib/demo-state\n`;
    await writeFile(join(root, 'DEBIAN/postinst'), postinst, { mode: 0o755 });
    await writeFile(join(root, 'etc/demo/demo.conf'), `version ${version}\n`);
    await writeFile(join(root, `usr/share/demo/only-${version}`), 'x\n');
    await writeFile(join(root, 'usr/share/demo/both'), `${version}\n`);
    await runOrThrow('dpkg-deb', ['--root-owner-group', '-b', root, join(folder, `demo_${version}_all.deb`)]);
  }
}

async function makeTrees(folder: string): Promise<void> {
  const tree = join(folder, 'tree');
  await mkdir(join(tree, 'b/c'), { recursive: true });
  await writeFile(join(tree, 'a'), 'a\n');
  await writeFile(join(tree, 'b/c/d'), 'd'.repeat(100_000));
  await writeFile(join(tree, 'b/e'), 'e\n');
  await writeFile(join(tree, 'b/ümläut …'), 'e\n');
  const more = 'ln a hard && ln -s b/c soft && mkfifo fifo && chmod 750 b && touch -d 2001-01-01 a b/c && mkdir empty';
  await runOrThrow('sh', ['-c', more], { cwd: tree });
  await runOrThrow('tar', ['-C', folder, '-cf', join(folder, 'tree.tar'), 'tree']);
  await runOrThrow('sh', ['-c', 'find tree -depth | cpio -o --quiet > tree.cpio'], { cwd: folder });
  // Over what is in the image: a file, a directory's rights, and a link in the place of a file.
  const over = 'mkdir -p over/etc over/usr/share/base-files && echo new > over/etc/issue && ln -s issue over/etc/motd';
  await runOrThrow('sh', ['-c', `${over} && chmod 700 over/usr/share/base-files`], { cwd: folder });
  await runOrThrow('tar', [
    '-C',
    join(folder, 'over'),
    '-cf',
    join(folder, 'over.tar'),
    'etc/issue',
    'etc/motd',
    'usr',
  ]);
}

async function makeRepository(folder: string): Promise<void> {
  const script = `
    git init -q -b master source && cd source && mkdir d
    for i in a b; do seq 1000 > $i.txt; done; echo e > d/e.txt
    git add -A && git -c user.name=n -c user.email=e@x commit -q -m first
    cd .. && git clone -q --bare source repo.git && chmod -R a+rX repo.git`;
  await runOrThrow('sh', ['-ec', script], { cwd: folder });
}

async function makeProject(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'hello.c'), 'int greet(void);\nint main(void) { return greet(); }\n');
  await writeFile(join(folder, 'greet.c'), '#include <stdio.h>\nint greet(void) { return puts("hello") < 0; }\n');
  const rules = [
    'hello: hello.o libgreet.a\n\tgcc -o $@ hello.o libgreet.a',
    'libgreet.a: greet.o\n\tar rcs $@ $^',
    '%.o: %.c\n\tgcc -O1 -g -pipe -c $<',
    'install: hello\n\tinstall -s hello /usr/local/bin/',
    'clean:\n\trm -f *.o hello',
  ];
  await writeFile(join(folder, 'Makefile'), `${rules.join('\n')}\n`);
}

/** Writes in many ways. */
const writer = `
import mmap, os, time
os.mkdir('/srv/py')
with open('/srv/py/mapped', 'wb') as f: f.truncate(8192)
with open('/srv/py/mapped', 'r+b') as f:
    with mmap.mmap(f.fileno(), 0) as m: m[0:5] = b'hello'
# Of the image, and only through the mapping.
with open('/etc/issue', 'r+b') as f:
    with mmap.mmap(f.fileno(), 0) as m: m[0:1] = b'X'
# Mapped to be read only: not changed.
with open('/etc/adduser.conf', 'rb') as f:
    with mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m: m[0:1]
with open('/srv/py/appended', 'a') as f: f.write('one\\n')
with open('/etc/motd', 'a') as f: f.write('more\\n')
fd = os.open('/srv/py', os.O_TMPFILE | os.O_RDWR)
os.write(fd, b'unnamed then named')
d = os.open('/srv/py', os.O_RDONLY | os.O_DIRECTORY)
# By linkat, which can follow the link in /proc.
os.link('/proc/self/fd/%d' % fd, 'linked', src_dir_fd=d, dst_dir_fd=d, follow_symlinks=True)
os.close(fd)
os.replace('/srv/py/appended', '/etc/issue.net')
os.close(os.open('below', os.O_CREAT | os.O_WRONLY, dir_fd=d))
os.mkdir('dir', dir_fd=d)
os.rename('below', 'dir/renamed', src_dir_fd=d, dst_dir_fd=d)
os.symlink('x', 'link', dir_fd=d)
os.posix_fallocate(os.open('/srv/py/allocated', os.O_CREAT | os.O_RDWR), 0, 4096)
os.ftruncate(os.open('/etc/shells', os.O_RDWR), 3)
os.close(os.open('/etc/gai.conf', os.O_RDWR))
# What was mapped is looked at while the container is there.
time.sleep(1)
`;

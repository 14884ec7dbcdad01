import { describe, expect, it } from 'vitest';
import { readArgv } from '../../src/audit/exec-argv.ts';
import { maskedRecords } from '../../src/audit/masked-records.ts';

const type = { userCmd: 1123, path: 1302, execve: 1309, proctitle: 1327 };
const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex').toUpperCase();
const execve = (...bodies: string[]) => bodies.map((body) => ({ type: type.execve, body }));
const title = (text: string) => ({ type: type.proctitle, body: `proctitle=${hex(text)}` });
const godo = 'a0="/usr/bin/node" a1="/usr/bin/godo"';

describe('records of an exec of ours', () => {
  it.each([
    [
      'of one word',
      execve(`argc=3 ${godo} a2="--mongo=mongodb://ann:s3cret@db:1/"`),
      '--mongo=mongodb://ann:***@db:1/',
    ],
    ['of two', execve(`argc=4 ${godo} a2="--mongo" a3="ann:s3cret@db:1"`), 'ann:***@db:1'],
    ['in hex', execve(`argc=4 ${godo} a2="--mongo" a3=${hex('ann:pä"s3cret@db:1')}`), 'ann:***@db:1'],
    [
      'with a quote in it',
      execve(`argc=4 ${godo} a2="--db" a3="mongodb://ann:it's3cret@db/"`),
      'mongodb://ann:***@db/',
    ],
    ['in another record', execve(`argc=4 ${godo}`, 'a2="--db" a3="mongodb://ann:s3cret@h/"'), 'mongodb://ann:***@h/'],
    [
      'in pieces',
      execve(`argc=3 ${godo} a2_len=26 a2[0]="mongodb://ann:s3cr"`, 'a2[1]="et@h/abc"'),
      'mongodb://ann:***@h/abc',
    ],
  ])('have no password %s', (_, given, last) => {
    const shown = maskedRecords(given);
    const { argv, problem } = readArgv(shown.map(({ body }) => body));

    expect([shown.length, argv?.slice(0, 2), argv?.at(-1), problem]).toEqual([
      1,
      ['/usr/bin/node', '/usr/bin/godo'],
      last,
      null,
    ]);
    expect(JSON.stringify(shown)).not.toContain('cret');
  });

  it('have none in their title, nor the beginning of one that was cut off', () => {
    const start = 'node\0/usr/bin/godo\0--mongo';
    expect(maskedRecords([title(`${start}\0ann:s3cret@db\0-q`)])).toEqual([title(`${start}\0ann:***@db\0-q`)]);
    for (const line of [`${start}=mongodb://ann:`, `${start}\0ann:`, 'node\0/usr/bin/godo\0--db\0mongodb://ann:']) {
      expect(maskedRecords([title((line + 's3cret'.repeat(30)).slice(0, 127))])).toEqual([title(`${line}***`)]);
    }
  });
});

it('all else is what it was', () => {
  const records = [
    ...execve('argc=2 a0="mongodump" a1="mongodb://ann:s3cret@db/"'),
    ...execve(`argc=3 a0="bash" a1="-c" a2=${hex('a=mongodb://x:; cat /etc/shadow; : godo')}`),
    ...execve(`argc=3 ${godo} a2="--mongo=db:27017"`),
    { type: type.path, body: 'item=0 name="mongodb://a:b@c/filter" inode=6D6F6E676F' },
    { type: type.userCmd, body: `pid=1 msg='cmd=${hex('godo --mongo ann:s3cret@db')}'` },
    title('mongosh\0mongodb://ann:s3cret@db/'),
  ];
  for (const record of records) expect(maskedRecords([record])).toEqual([record]);
});

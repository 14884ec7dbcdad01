import { describe, expect, it } from 'vitest';
import { maskedBody } from '../../src/audit/masked-body.ts';

const type = { userCmd: 1123, execve: 1309, proctitle: 1327, path: 1302 };
const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex').toUpperCase();

describe('the body of a record', () => {
  it.each([
    // A word each.
    [
      type.execve,
      'argc=2 a0="godo" a1="--mongo=mongodb://ann:s3cret@db:1/"',
      'argc=2 a0="godo" a1="--mongo=mongodb://ann:***@db:1/"',
    ],
    [
      type.execve,
      'argc=3 a0="godo" a1="--mongo" a2="ann:s3cret@db:1"',
      'argc=3 a0="godo" a1="--mongo" a2="ann:***@db:1"',
    ],
    [
      type.execve,
      `argc=2 a0="sh" a1=${hex('x; godo --db mongodb://ann:s3cret@db/ -q')}`,
      `argc=2 a0="sh" a1=${hex('x; godo --db mongodb://ann:***@db/ -q')}`,
    ],
    [
      type.execve,
      `argc=2 a0="/usr/bin/filter" a1=${hex('--db=mongodb://ann:s3"c r@db/')} `,
      `argc=2 a0="/usr/bin/filter" a1=${hex('--db=mongodb://ann:***@db/')} `,
    ],
    // The whole command line.
    [
      type.proctitle,
      `proctitle=${hex('godo\0--mongo\0ann:s3cret@db\0-q')}`,
      `proctitle=${hex('godo\0--mongo\0ann:***@db\0-q')}`,
    ],
    [
      type.userCmd,
      `pid=1 msg='cwd="/" cmd=${hex('godo --mongo ann:s3cret@db')} exe="/usr/bin/sudo" res=success'`,
      `pid=1 msg='cwd="/" cmd=${hex('godo --mongo ann:***@db')} exe="/usr/bin/sudo" res=success'`,
    ],
  ])('of type %i is shown without the password', (kind, given, shown) => {
    expect(maskedBody(kind, given)).toBe(shown);
  });

  it('is shown without the beginning of a password that was cut off', () => {
    for (const line of ['godo\0--mongo=mongodb://ann:', 'godo\0--mongo\0ann:', 'godo\0--db\0mongodb://ann:']) {
      const title = (line + 's3cret'.repeat(30)).slice(0, 127);
      expect(maskedBody(type.proctitle, `proctitle=${hex(title)}`)).toBe(`proctitle=${hex(`${line}***`)}`);
    }
  });

  it('is otherwise what it was', () => {
    const bodies = [
      ...['argc=2 a0="mongosh" a1="mongodb://db:27017/x"', `argc=1 a0=${hex('mongodb://ann@db/')}`],
      ...[
        `argc=1 a0=${hex('é mongo')}`,
        'name="/var/lib/mongodb/WiredTiger" inode=6D6F6E676F',
        'a1="--mongo" a2="db:1"',
        // Of others it is evidence.
        'argc=2 a0="mongodump" a1="mongodb://ann:s3cret@db/"',
        `argc=2 a0="sh" a1=${hex('mongosh mongodb://ann:s3cret@db/')}`,
      ],
    ];
    expect(bodies.map((body) => maskedBody(type.execve, body))).toEqual(bodies);
  });
});

import { describe, expect, it } from 'vitest';
import { isRefusal } from '../../src/sqlite/refusals.ts';

const sqlite = (errcode: number) => Object.assign(new Error('x'), { code: 'ERR_SQLITE_ERROR', errcode });
const node = (code: string) => Object.assign(new Error('x'), { code });

describe('a failure of SQLite that is the fault of the documents', () => {
  it.each([
    ['TOOBIG', sqlite(18)],
    ['CONSTRAINT', sqlite(19)],
    ['CONSTRAINT_NOTNULL', sqlite(1299)],
    ['CONSTRAINT_DATATYPE', sqlite(3091)],
    ['MISMATCH', sqlite(20)],
    ['a value that cannot be bound', node('ERR_INVALID_ARG_TYPE')],
    ['a number of more than 64 bits', node('ERR_INVALID_ARG_VALUE')],
    ['a text that is too long for Node', node('ERR_STRING_TOO_LONG')],
    ['a document without the fields of one', new TypeError('x')],
    ['a document that is nested too deep', new RangeError('x')],
  ])('%s', (_, error) => {
    expect(isRefusal(error)).toBe(true);
  });
});

describe('a failure of SQLite that may be mended', () => {
  it.each([
    ['ERROR', sqlite(1)],
    ['BUSY', sqlite(5)],
    ['BUSY_SNAPSHOT', sqlite(517)],
    ['LOCKED', sqlite(6)],
    ['NOMEM', sqlite(7)],
    ['READONLY', sqlite(8)],
    ['IOERR_WRITE', sqlite(778)],
    ['CORRUPT', sqlite(11)],
    ['FULL', sqlite(13)],
    ['CANTOPEN', sqlite(14)],
    ['NOTADB', sqlite(26)],
    ['a connection that is closed', node('ERR_INVALID_STATE')],
    ['no room', node('ENOSPC')],
    ['no memory', new RangeError('Array buffer allocation failed')],
    ['nothing known', 'text'],
  ])('%s', (_, error) => {
    expect(isRefusal(error)).toBe(false);
  });
});

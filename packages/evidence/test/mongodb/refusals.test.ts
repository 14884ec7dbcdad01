import {
  MongoBulkWriteError,
  type MongoError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../src/mongodb/refusals.ts';

const documents = [{ _id: 'a' }];

/** What a server says of documents, or, without any, of the request. */
function bulkError(codes: readonly number[], ofRequest?: number, writeConcernError?: object): MongoBulkWriteError {
  const writeErrors = codes.map((code, index) => ({ code, index, errmsg: `said ${code}` }));
  const result = { getWriteConcernError: () => writeConcernError } as never;
  return new MongoBulkWriteError({ message: 'request', code: ofRequest ?? codes[0], writeErrors } as never, result);
}

function withLabel(error: MongoError, label: string): MongoError {
  error.addErrorLabel(label);
  return error;
}

describe('a failure of MongoDB that is the fault of the documents', () => {
  it.each([
    [
      'a document over 16 MiB, in the driver',
      new MongoInvalidArgumentError('Document is larger than the maximum size 16777216'),
    ],
    ['a document over 16 MiB, in the server', new MongoServerError({ message: 'BSONObj size', code: 10334 })],
    ['a document that is no BSON', new MongoServerError({ message: 'bad', code: 22 })],
    ['one refused, and one that is there already', bulkError([11000, 53])],
    ['a name that FerretDB does not keep', bulkError([2])],
    ['an _id of another kind', bulkError([53])],
    ['a document nested too deep, said of the request', bulkError([], 15)],
  ])('%s', (_, error) => {
    expect(refusalOf(error, documents)).toEqual(expect.any(String));
  });

  it('is told with its code, and the server’s words', () => {
    expect(refusalOf(bulkError([11000, 53, 2]), documents)).toBe('53: said 53');
  });

  it('a key that cannot be written is found by the documents, whatever the driver throws', () => {
    const wrong = [{ _id: 'a' }, { _id: 'b', 'x\0y': 1 }];

    expect(refusalOf(new TypeError('no key'), wrong)).toBe('no key');
    expect(refusalOf(new TypeError('no key'), documents)).toBeNull();
  });
});

describe('a failure of MongoDB that may be mended', () => {
  it.each([
    ['nobody answers', new MongoServerSelectionError('away', {} as never)],
    ['the connection broke', new MongoNetworkError('ECONNRESET')],
    ['the connection broke in a batch', bulkError([])],
    ['Unauthorized', new MongoServerError({ message: 'no', code: 13 })],
    ['Unauthorized, of documents', bulkError([13])],
    ['no room', bulkError([14031])],
    ['a validator of the operator', bulkError([121])],
    ['an index of the operator', bulkError([171])],
    ['a capped collection', bulkError([116])],
    ['NotWritablePrimary', bulkError([], 10107)],
    ['MaxTimeMSExpired', new MongoServerError({ message: 'late', code: 50 })],
    ['a write concern that is not kept', bulkError([53], 53, { code: 64 })],
    ['BadValue of a request: its options', new MongoServerError({ message: "cannot use 'w' > 1", code: 2 })],
    ['all are there already', bulkError([11000, 11000])],
    ['one refused, another not taken for now', bulkError([53, 112])],
    ['another argument of ours', new MongoInvalidArgumentError('Invalid BulkOperation, Batch cannot be empty')],
    ['retryable', withLabel(new MongoServerError({ message: 'x', code: 91 }), 'RetryableWriteError')],
    ['an answer that the driver cannot read', new RangeError('offset')],
    ['nothing known', 'text'],
  ])('%s', (_, error) => {
    expect(refusalOf(error, documents)).toBeNull();
  });
});

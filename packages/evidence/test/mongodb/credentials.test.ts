/** Users, passwords and TLS with a server that asks for them, and what is said where they are wrong. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRawStore, type RawEntry, resolveTarget, StoreError } from '../../src/index.ts';
import { Authority, type Certificate } from '../support/certificates.ts';
import { loss } from '../support/documents.ts';
import {
  canStartMongoServer,
  type GuardedServerOptions,
  mongoServerStartMs,
  startGuardedServer,
} from '../support/mongodb-server.ts';

const password = 'p@ss/MARKER wörd?';
const user = { name: 'ann', password };
const login = `ann:${encodeURIComponent(password)}@`;

let folder: string;
let authority: Authority;
let servers: Record<'open' | 'guarded' | 'tls' | 'elsewhere' | 'expired' | 'mutual', string>;
let client: Certificate;
const stops: (() => Promise<void>)[] = [];

const entry: RawEntry = { collection: 'losses', document: loss({ _id: 'loss' }) };

/** HOST:PORT of a new server. */
async function start(options: GuardedServerOptions): Promise<string> {
  const { host, stop } = await startGuardedServer(options);
  stops.push(stop);
  return host;
}

/** What writing a loss to it leads to: `written`, or the code and sentence of the error. */
async function write(uri: string): Promise<string> {
  const target = resolveTarget({ db: uri }, { uid: 0, environment: {} });
  try {
    const store = await openRawStore(target);
    try {
      const { inserted, duplicates } = await store.insert([entry]);
      return inserted + duplicates === 1 ? 'written' : 'not written';
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    expect(error.message).not.toMatch(/MARKER|%2F|wörd/);
    return `${error.code}: ${error.message.replaceAll(folder, '').replaceAll(/127\.0\.0\.1:\d+/g, 'SERVER')}`;
  }
}

const escaped = (text: string) => text.replace(/[.()]/g, '\\$&');

describe.skipIf(!canStartMongoServer())('a MongoDB server', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'godo-tls-'));
    authority = new Authority(folder, 'authority');
    client = authority.issue('client', 'DNS:client');
    const good = authority.issue('good', 'IP:127.0.0.1');
    servers = {
      open: await start({}),
      guarded: await start({ user }),
      tls: await start({ user, tls: good }),
      elsewhere: await start({ tls: authority.issue('elsewhere', 'DNS:other.example') }),
      expired: await start({ tls: authority.issue('expired', 'IP:127.0.0.1', true) }),
      mutual: await start({ user, tls: good, clientAuthority: authority.certificate }),
    };
  }, mongoServerStartMs);
  afterAll(async () => {
    for (const stop of stops) await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('takes the user and the password of the URI, in the clear and by TLS', async () => {
    const ca = `tlsCAFile=${authority.certificate}`;
    expect([
      await write(`mongodb://${login}${servers.guarded}/`),
      await write(`mongodb://${login}${servers.guarded}/?authSource=admin&authMechanism=SCRAM-SHA-256`),
      await write(`mongodb://${login}${servers.tls}/?tls=true&${ca}`),
      await write(`mongodb://${login}${servers.mutual}/?tls=true&${ca}&tlsCertificateKeyFile=${client.both}`),
    ]).toStrictEqual(Array(4).fill('written'));
  });

  test('that refuses user or password is named with what to look at', async () => {
    expect([
      await write(`mongodb://ann:MARKER@${servers.guarded}/`),
      await write(`mongodb://bob:MARKER@${servers.guarded}/`),
      await write(`mongodb://${servers.guarded}/`),
    ]).toStrictEqual([
      ...Array(2).fill(
        'DATABASE_REFUSED: mongodb://***@SERVER/ does not accept the user and password of the URI (Authentication failed.): see what they are, and where the user is kept (authSource).',
      ),
      expect.stringMatching(
        /^DATABASE_REFUSED: mongodb:\/\/SERVER\/ .*does not let somebody without user and password do/,
      ),
    ]);
  });

  test('whose certificate cannot be trusted is not, and it is said why', async () => {
    const ca = `tlsCAFile=${authority.certificate}`;
    const told = await Promise.all(
      [
        `mongodb://${login}${servers.tls}/?tls=true`,
        `mongodb://${servers.elsewhere}/?tls=true&${ca}`,
        `mongodb://${servers.expired}/?tls=true&${ca}`,
        `mongodb://${login}${servers.mutual}/?tls=true&${ca}`,
      ].map(write),
    );
    expect(told).toStrictEqual(
      [
        'its certificate was issued by an authority that is not known here: name its authority with tlsCAFile',
        "its certificate is for another name (IP: 127.0.0.1 is not in the cert's list:)",
        'its certificate has expired: it needs a new one',
        'it wants a certificate of ours that it knows: name it with tlsCertificateKeyFile',
      ].map((reason) =>
        expect.stringMatching(`^DATABASE_UNREACHABLE: \\S+ cannot be connected to: ${escaped(reason)}.$`),
      ),
    );
  });

  test('that wants TLS and gets none, or the other way round, is asked about', async () => {
    const none = (uri: string, why: string) =>
      `DATABASE_UNREACHABLE: No MongoDB server answers at ${uri} (${why}): start it, or name another with --db or --mongo.`;
    const told = await Promise.all([
      write(`mongodb://${login}${servers.tls}/`),
      write(`mongodb://${servers.open}/?tls=true`),
    ]);
    expect(told).toStrictEqual([
      `${none('mongodb://***@SERVER/', 'connection <monitor> to SERVER closed')} Does it want TLS (tls=true in the URI)?`,
      `${none('mongodb://SERVER/?tls=true', 'Server selection timed out after 5000 ms')} Does it speak TLS, as the URI wants it?`,
    ]);
  });

  test('is not connected to with files of the URI that are not there, or hold something else', async () => {
    const tls = `mongodb://${servers.tls}/?tls=true`;
    const told = await Promise.all(
      [
        `${tls}&tlsCAFile=${folder}/none`,
        `${tls}&tlsCertificateKeyFile=${client.certificate}`,
        `${tls}&tlsCertificateKeyFile=/etc/hostname`,
        `${tls}&tlsCAFile=${folder}`,
      ].map(write),
    );
    const files = '(tlsCAFile, tlsCertificateKeyFile or tlsCRLFile of the URI)';
    expect(told.map((text) => text.replace(/\S+ cannot/, 'it cannot'))).toStrictEqual([
      `BAD_TARGET: it cannot be connected to: ENOENT: no such file or directory, open '/none' ${files}.`,
      ...Array(2).fill(`BAD_TARGET: it cannot be connected to: a key or certificate of ours cannot be used ${files}.`),
      `BAD_TARGET: it cannot be connected to: EISDIR: illegal operation on a directory, read ${files}.`,
    ]);
  });

  test('is asked to let a certificate be the user, where the URI says so', async () => {
    const files = `tlsCAFile=${authority.certificate}&tlsCertificateKeyFile=${client.both}`;
    // FerretDB 1 knows no such users: that it was asked is all that can be seen.
    expect(await write(`mongodb://${servers.mutual}/?tls=true&authMechanism=MONGODB-X509&${files}`)).toMatch(
      /^DATABASE_REFUSED: .*\(59\): no such command: 'authenticate'$/,
    );
  });
});

test('a URI that is none is not quoted', async () => {
  const uris = [
    ...[
      'ann:MARKER',
      'ann:MARKER.db:27017',
      'ann:MAR@MARKER@db',
      'ann:MARKER%ZZ@db',
      'ann:x/MARKER@db',
      'ann:x?MARKER@db',
    ],
    ...[
      'ann:MARKER@',
      'ann:MARKER@:1',
      ':MARKER@db',
      'ann:MARKER@db:99999',
      'ann:MARKER@db/?x=1',
      'ann:MARKER@db/?tls=maybe',
    ],
    ...[
      'db/?tlsCertificateKeyFilePassword=MARKER&x',
      'ann:MARKER@db/?authMechanismProperties=TOKEN_RESOURCE',
      'ann:MARKER@[db',
    ],
  ];
  const told = await Promise.all(
    uris.map(async (uri) => {
      try {
        const { location } = await openRawStore(resolveTarget({ db: `mongodb://${uri}` }, { uid: 0, environment: {} }));
        return location;
      } catch (error) {
        return `${(error as StoreError).code}: ${(error as Error).message}`;
      }
    }),
  );
  expect(told.filter((text) => text.includes('MARKER') || !text.startsWith('BAD_TARGET: '))).toStrictEqual([]);
});

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as native from '../index.js';

const loader = fileURLToPath(new URL('../index.js', import.meta.url));
const addon = createRequire(import.meta.url)('../build/Release/godo_native.node');

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'godo-native-loader-'));
  copyFileSync(loader, join(directory, 'index.mjs'));
});

afterEach(() => rmSync(directory, { recursive: true }));

const importCopy = (): Promise<Record<string, unknown>> => import(pathToFileURL(join(directory, 'index.mjs')).href);

function codesOf(door: Record<string, unknown>): Record<string, unknown> {
  const codes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(door)) {
    if (typeof value !== 'function') continue;
    try {
      codes[name] = value();
    } catch (error) {
      codes[name] = (error as native.NativeError).code;
    }
  }
  return codes;
}

describe('the door', () => {
  it('offers the functions and constants of the contract', () => {
    expect(Object.fromEntries(Object.entries(native).map(([name, value]) => [name, typeof value]))).toEqual({
      auditRecordHeaderBytes: 'number',
      auditRecordRoomBytes: 'number',
      auditEntryRoomBytes: 'number',
      auditProgressNumbers: 'number',
      AuditDecoder: 'function',
      connectorMessageBytes: 'number',
      openAudit: 'function',
      openAuditControl: 'function',
      openConnector: 'function',
      receiveBufferBytes: 'function',
      attachRecordRing: 'function',
      setAuditMulticast: 'function',
      executeBounded: 'function',
      notifyService: 'function',
      recordRingDiversions: 'function',
      closeSocket: 'function',
      wakeReceiver: 'function',
      waitForMessages: 'function',
      gatherMessages: 'function',
      gatherConnector: 'function',
      hasMessages: 'function',
      receiveAudit: 'function',
      foreignDatagrams: 'function',
      connectorListen: 'function',
      receiveConnector: 'function',
      receiveTaskStatistics: 'function',
      taskStatisticsBytes: 'number',
      tickNs: 'function',
      getAuditStatus: 'function',
      setAuditStatus: 'function',
      addAuditRule: 'function',
      deleteAuditRule: 'function',
      listAuditRules: 'function',
      readClocks: 'function',
      processHeadBytes: 'number',
      openInRoot: 'function',
      tryLock: 'function',
      openProcess: 'function',
      openTaskStatistics: 'function',
      readProcess: 'function',
      exeLinks: 'function',
      readNamespaces: 'function',
      readDescriptor: 'function',
      compareFiles: 'function',
      compareDescriptorTables: 'function',
      closeProcess: 'function',
    });
  });

  it('imports without the addon, with the same constants, and every function says what to run', async () => {
    const door = await importCopy();
    const functions = Object.entries(native).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
    expect(codesOf(door)).toEqual(Object.fromEntries(functions.map((name) => [name, 'NOT_BUILT'])));
    expect(door.readClocks).toThrow('The native addon has not been built: run `npm run build:native`.');
    expect({ ...door }).toMatchObject({
      auditRecordHeaderBytes: addon.auditRecordHeaderBytes,
      auditRecordRoomBytes: addon.auditRecordRoomBytes,
      auditEntryRoomBytes: addon.auditEntryRoomBytes,
      connectorMessageBytes: addon.connectorMessageBytes,
      processHeadBytes: addon.processHeadBytes,
    });
  });

  it('says the same of an addon that does not load', async () => {
    mkdirSync(join(directory, 'build/Release'), { recursive: true });
    writeFileSync(join(directory, 'build/Release/godo_native.node'), 'no shared object');
    const door = await importCopy();
    expect(door.readClocks).toThrow('The native addon cannot be loaded: run `npm run build:native`.');
    expect(new Set(Object.values(codesOf(door)))).toEqual(new Set(['NOT_BUILT']));
  });
});

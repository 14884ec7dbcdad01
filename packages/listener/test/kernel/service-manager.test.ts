import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notifyService } from '@godo/native';
import { describe, expect, it, vi } from 'vitest';
import { isJournal, priorityOf, ServiceManager } from '../../src/kernel/service-manager.ts';

describe('a service manager', () => {
  it('is told when we listen, that we live, and that we end', () => {
    vi.useFakeTimers();
    try {
      const told: [string, string][] = [];
      const environment = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '3000000', WATCHDOG_PID: '7' };
      const manager = new ServiceManager(environment, 7, (path, text) => told.push([path, text]));
      manager.ready('listening');
      vi.advanceTimersByTime(3_100);
      manager.stopping();
      vi.advanceTimersByTime(10_000);

      expect(told).toEqual([
        ['/run/notify', 'READY=1\nSTATUS=listening'],
        ['/run/notify', 'WATCHDOG=1'],
        ['/run/notify', 'WATCHDOG=1'],
        ['/run/notify', 'STOPPING=1'],
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['there is none', {}],
    ['it has no watchdog', { NOTIFY_SOCKET: '/n' }],
    ['the watchdog is for another process', { NOTIFY_SOCKET: '/n', WATCHDOG_USEC: '1', WATCHDOG_PID: '8' }],
    ['the watchdog is switched off', { NOTIFY_SOCKET: '/n', WATCHDOG_USEC: '0' }],
  ])('hears no heartbeat where %s', (_, environment) => {
    expect(new ServiceManager(environment, 7, () => undefined).watchdogMs).toBeNull();
  });

  it('that is gone does no harm', () => {
    const manager = new ServiceManager({ NOTIFY_SOCKET: '/nowhere/at/all' }, 7);
    expect(() => manager.ready('listening')).not.toThrow();
  });

  it.each(['path', 'abstract'])('hears through a socket of the kind %s', async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'godo-notify-'));
    const path = kind === 'path' ? join(folder, 'socket') : `@${folder}`;
    const program = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\\0"))
sys.stdout.write("bound")
sys.stdout.flush()
sys.stdout.write(s.recv(100).decode())
sys.stdout.flush()`;
    const reader = spawn('python3', ['-c', program, path]);
    try {
      const [bound] = await once(reader.stdout, 'data');
      notifyService(path, 'READY=1');
      const [received] = await once(reader.stdout, 'data');
      expect([String(bound), String(received)]).toEqual(['bound', 'READY=1']);
    } finally {
      reader.kill();
      rmSync(folder, { recursive: true });
    }
  });

  it('has its journal at our standard error where it says so', () => {
    const { dev, ino } = fstatSync(2, { bigint: true });
    expect([isJournal(2, `${dev}:${ino}`), isJournal(2, `${dev}:${ino + 1n}`), isJournal(2, undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('knows priorities in place of levels', () => {
    expect([10, 20, 30, 40, 50, 60].map(priorityOf)).toEqual([7, 7, 6, 4, 3, 2]);
  });
});

/** What a service manager (systemd) is told of us: sd_notify(3), sd-daemon(3). */

import { fstatSync } from 'node:fs';
import { notifyService } from '@godo/native';

export interface ServiceEnvironment {
  readonly NOTIFY_SOCKET?: string;
  readonly WATCHDOG_USEC?: string;
  readonly WATCHDOG_PID?: string;
}

export class ServiceManager {
  readonly #socket: string | null;
  /** How often it wants to hear that we live, in ms; null: it does not. */
  readonly watchdogMs: number | null;
  readonly #send: (path: string, text: string) => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(environment: ServiceEnvironment, pid: number, send = notifyService) {
    this.#socket = environment.NOTIFY_SOCKET || null;
    this.watchdogMs = this.#socket === null ? null : watchdogMs(environment, pid);
    this.#send = send;
  }

  /** From now on we listen. The manager hears from us until `stopping`, as long as this thread is not held up. */
  ready(status: string): void {
    this.#tell(`READY=1\nSTATUS=${status}`);
    if (this.watchdogMs === null) return;
    this.#timer = setInterval(() => this.#tell('WATCHDOG=1'), this.watchdogMs / 2);
    this.#timer.unref();
  }

  /** What is still to be done may take as long as the manager lets it. */
  stopping(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#tell('STOPPING=1');
  }

  #tell(text: string): void {
    if (this.#socket === null) return;
    try {
      this.#send(this.#socket, text);
    } catch {
      // It is told again, or it finds that it was not.
    }
  }
}

function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: ServiceEnvironment, pid: number): number | null {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return null;
  const microseconds = Number(WATCHDOG_USEC);
  return microseconds > 0 && Number.isFinite(microseconds) ? microseconds / 1000 : null;
}

/** Whether the descriptor is the journal, so that a line's priority may stand before it (systemd.exec(5), JOURNAL_STREAM). */
export function isJournal(fd: number, journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return journalStream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** syslog's number of a level of pino's. */
export function priorityOf(level: number): number {
  if (level >= 60) return 2;
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}

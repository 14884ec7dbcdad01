/** The counters in the text form of Prometheus. They are looked at when somebody asks, and never else. */

import { readdirSync } from 'node:fs';
import { Counter, Gauge, Registry } from 'prom-client';
import { counterMeanings, type ListenerCounter } from './counter-meanings.ts';

export interface MetricsSource {
  counters(): Readonly<Record<string, number>>;
  /** What is the same all the time: version, intake … */
  facts(): Readonly<Record<string, string>>;
}

/** prom-client's own process metrics would wake us all the time to measure how late we are. */
export class Exposition {
  readonly #source: MetricsSource;
  readonly #registry = new Registry();
  readonly #metrics = new Map<string, Counter | Gauge>();

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    const counters = this.#source.counters();
    for (const metric of this.#metrics.values()) metric.reset();
    for (const [name, { metric, labels, help }] of Object.entries(counterMeanings)) {
      this.#add(`godo_${metric}`, help, counters[name as ListenerCounter] ?? 0, labels);
    }
    this.#add('godo_info', 'What listens.', 1, this.#source.facts());
    this.#process();
    return this.#registry.metrics();
  }

  #process(): void {
    const { user, system } = process.cpuUsage();
    this.#add('process_cpu_seconds_total', 'CPU time of all threads.', (user + system) / 1e6);
    this.#add('process_resident_memory_bytes', 'Resident memory.', process.memoryUsage.rss());
    this.#add('process_start_time_seconds', 'Start, in seconds since 1970.', Date.now() / 1000 - process.uptime());
    this.#add('process_open_fds', 'Open file descriptors.', readdirSync('/proc/self/fd').length);
  }

  #add(name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    const isCounter = name.endsWith('_total');
    const labelNames = Object.keys(labels);
    let metric = this.#metrics.get(name);
    if (metric === undefined) {
      const about = { name, help, labelNames, registers: [this.#registry] };
      metric = isCounter ? new Counter(about) : new Gauge(about);
      this.#metrics.set(name, metric);
    }
    metric.inc(labels, value);
  }
}

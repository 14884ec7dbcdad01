/** Certificates for tests, made by openssl(1). */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  /** Both in one file, as tlsCertificateKeyFile wants them. */
  readonly both: string;
}

/** `names`: as subjectAltName has them, e.g. `IP:127.0.0.1`. A certificate that `expired` was valid once. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    const subject = ['-subj', `/CN=${name}`, '-days', '2'];
    this.#openssl([
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      this.#file(`${name}.key`),
      '-out',
      this.certificate,
      ...subject,
    ]);
  }

  get certificate(): string {
    return this.#file(`${this.#name}.pem`);
  }

  issue(name: string, names: string, expired = false): Certificate {
    const [certificate, key, both] = ['pem', 'key', 'both'].map((end) => this.#file(`${name}.${end}`)) as Three;
    const request = this.#file(`${name}.csr`);
    const extensions = this.#file(`${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${names}\n`);
    this.#openssl(['req', ...newKey, '-keyout', key, '-out', request, '-subj', `/CN=${name}`]);
    const issuer = ['-CA', this.certificate, '-CAkey', this.#file(`${this.#name}.key`), '-CAcreateserial'];
    // A negative number of days is an end that has been.
    const days = expired ? '-1' : '1';
    this.#openssl([
      'x509',
      '-req',
      '-in',
      request,
      ...issuer,
      '-days',
      days,
      '-extfile',
      extensions,
      '-out',
      certificate,
    ]);
    writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8'), { mode: 0o600 });
    return { certificate, key, both };
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  #openssl(words: readonly string[]): void {
    execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

type Three = [string, string, string];
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

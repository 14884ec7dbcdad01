/** What is wrong between a MongoDB server and us before any request: TLS, mostly. */

/** Codes of OpenSSL's verification and of node:tls; each with what is to be done. */
const certificateReasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired: it needs a new one',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: compare the clocks',
  CERT_REVOKED: 'its certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownIssuer('it signed its certificate itself'),
  SELF_SIGNED_CERT_IN_CHAIN: unknownIssuer('its certificate was issued by an authority that is not known here'),
  UNABLE_TO_GET_ISSUER_CERT: unknownIssuer('its certificate was issued by an authority that is not known here'),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownIssuer('its certificate was issued by an authority that is not known here'),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownIssuer('its certificate was issued by an authority that is not known here'),
  CERT_SIGNATURE_FAILURE: unknownIssuer('the signature of its certificate is not that of the authority'),
};

const clientCertificate = 'it wants a certificate of ours that it knows: name it with tlsCertificateKeyFile';

/** Files that the driver reads when it connects, which the URI names. */
const fileOptions = 'tlsCAFile, tlsCertificateKeyFile or tlsCRLFile of the URI';

export type ConnectionTrouble =
  /** The server, its certificate, or what it makes of ours: it may be put right there. */
  | { readonly whose: 'server'; readonly reason: string }
  /** Our own files. */
  | { readonly whose: 'ours'; readonly reason: string };

/** null: nothing that is known here. */
export function connectionTrouble(error: unknown): ConnectionTrouble | null {
  for (const cause of causesOf(error)) {
    const code = typeof cause.code === 'string' ? cause.code : '';
    const reason = certificateReasons[code];
    if (reason !== undefined) return { whose: 'server', reason };
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
      return { whose: 'server', reason: `its certificate is for another name (${namesOf(cause.message)})` };
    }
    if (/^ERR_SSL_.*ALERT_(?:CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|NO_CERTIFICATE)/.test(code)) {
      return { whose: 'server', reason: clientCertificate };
    }
    if (/^ERR_SSL_/.test(code) || code === 'EPROTO') {
      return { whose: 'server', reason: 'it does not speak the TLS that we do, or none' };
    }
    // A read that failed may be that of the connection.
    if (cause.syscall === 'open' || code === 'EISDIR') {
      return { whose: 'ours', reason: `${cause.message} (${fileOptions})` };
    }
    if (/^ERR_OSSL_|^ERR_CRYPTO_/.test(code)) {
      return { whose: 'ours', reason: `a key or certificate of ours cannot be used (${fileOptions})` };
    }
  }
  return null;
}

/** Where one of two wants TLS and the other none, neither says so: it hangs up, or waits. '': nothing of that kind. */
export function tlsQuestion(error: unknown, usesTls: boolean): string {
  const text = causesOf(error)
    .map((cause) => cause.message.slice(0, 2_000))
    .join(' ');
  if (!usesTls && /connection .* closed/.test(text)) return ' Does it want TLS (tls=true in the URI)?';
  return usesTls && /timed out|closed/.test(text) ? ' Does it speak TLS, as the URI wants it?' : '';
}

function unknownIssuer(what: string): string {
  return `${what}: name its authority with tlsCAFile`;
}

interface Cause {
  readonly message: string;
  readonly code?: unknown;
  readonly syscall?: unknown;
}

/** The error, what caused it, and so on. */
function causesOf(error: unknown): Cause[] {
  const causes: Cause[] = [];
  for (let at = error; at instanceof Error && causes.length < 8; at = at.cause) causes.push(at);
  return causes;
}

/** `Hostname/IP does not match certificate's altnames: Host: db. is not in the cert's altnames: DNS:other` */
function namesOf(message: string): string {
  return /altnames: (.*)$/s.exec(message)?.[1]?.trim() ?? message;
}

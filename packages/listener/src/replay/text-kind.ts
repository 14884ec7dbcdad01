/** What can be told of an input before it is read as lines, and how long it is read in vain. */

/**
 * An input of which so much was read without one event is none of ours. It may have no end (a device, a pipe), so it is
 * refused then.
 */
export const mostBytesWithoutEvent = 64 * 1024 * 1024;

export interface Compression {
  readonly name: string;
  /** The program that writes the text to standard output. */
  readonly unpack: string;
}

const compressions: readonly (Compression & { readonly magic: readonly number[] })[] = [
  { name: 'gzip', unpack: 'zcat', magic: [0x1f, 0x8b] },
  { name: 'zstd', unpack: 'zstdcat', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'xz', unpack: 'xzcat', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'bzip2', unpack: 'bzcat', magic: [0x42, 0x5a, 0x68] },
];

/** By its first bytes, as logrotate and people compress logs; null: it is not compressed. */
export function compressionOf(beginning: Uint8Array): Compression | null {
  return compressions.find(({ magic }) => magic.every((byte, index) => beginning[index] === byte)) ?? null;
}

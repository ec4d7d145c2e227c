import { createHash, randomBytes } from 'node:crypto';
import type { StoredPart } from './object-store.ts';

/*
 * Azure keeps the blocks of a blob that is being uploaded by names that we choose, all of one length and
 * of at most 64 bytes, and tells no more of them than name and size. So the name says the rest:
 *
 *   upload id (16 hex: 8 random, 8 of the key)  part (5 digits)  ms of arrival (9 base 36)  MD5 (32 hex)
 *
 * A part that is sent again gets another name; the one that arrived last counts.
 */

export interface Block {
  name: string;
  upload: string;
  arrived: number;
  part: StoredPart;
}

/** A new upload of a key; whether an id is one of the key can be told from the two alone. */
export function newUploadId(key: string): string {
  return randomBytes(4).toString('hex') + markOf(key);
}

export function isUploadOf(key: string, uploadId: string): boolean {
  return /^[0-9a-f]{16}$/.test(uploadId) && uploadId.endsWith(markOf(key));
}

/** Base64, as the protocol wants names of blocks. `md5` in hex, `at` in ms since 1970. */
export function blockName(upload: string, part: number, { md5, at }: { md5: string; at: number }): string {
  const text = upload + String(part).padStart(5, '0') + at.toString(36).padStart(9, '0') + md5;
  return Buffer.from(text).toString('base64');
}

/** Undefined for a block of another program. */
export function readBlock(name: string, size: number): Block | undefined {
  const text = Buffer.from(name, 'base64').toString('latin1');
  const match = /^([0-9a-f]{16})(\d{5})([0-9a-z]{9})([0-9a-f]{32})$/.exec(text);
  if (!match) return undefined;
  const [, upload = '', part = '', arrived = '', md5 = ''] = match;
  return {
    name,
    upload,
    arrived: Number.parseInt(arrived, 36),
    part: { number: Number(part), size, etag: `"${md5}"` },
  };
}

/** The blocks that count of an upload, by part. */
export function currentBlocks(blocks: readonly Block[], uploadId: string): Block[] {
  const newest = new Map<number, Block>();
  for (const block of blocks) {
    if (block.upload !== uploadId) continue;
    const known = newest.get(block.part.number);
    if (!known || known.arrived <= block.arrived) newest.set(block.part.number, block);
  }
  return [...newest.values()].sort((a, b) => a.part.number - b.part.number);
}

function markOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

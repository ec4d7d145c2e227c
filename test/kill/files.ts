import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';
import type { Random } from '../../src/base/random.ts';
import { sampleClip } from '../support/shared-data.ts';

/** A file that the driver adds, none like another. */
export interface NewFile {
  name: string;
  bytes: Buffer;
  sha256: string;
}

/** A PNG of noise: some ten parts of the run's small part size. */
export function noiseImage(name: string, random: Random): NewFile {
  const [width, height] = [480, 400];
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits a channel, RGB.
  header.set([8, 2, 0, 0, 0], 8);
  const rows = noise(height * (1 + width * 3), random);
  // The filter of each row: none.
  for (let row = 0; row < height; row += 1) rows[row * (1 + width * 3)] = 0;
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const pixels = deflateSync(rows, { level: 1 });
  const end = chunk('IEND', Buffer.alloc(0));
  return fileOf(name, Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), end]));
}

/** The sample clip with a box of noise after it, which players skip. */
export async function noiseVideo(name: string, random: Random): Promise<NewFile> {
  const size = 200_000;
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size + head.length, 0);
  head.write('free', 4, 'latin1');
  return fileOf(name, Buffer.concat([await readFile(sampleClip()), head, noise(size, random)]));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function fileOf(name: string, bytes: Buffer): NewFile {
  return { name, bytes, sha256: sha256(bytes) };
}

function noise(size: number, random: Random): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  return bytes;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { badRequest } from '../errors.ts';

/**
 * Writes what a client sends to a file; nothing stays there after a failure.
 * @returns size in bytes, and MD5 in hex.
 * @throws HubError 400 for more than `largest` bytes.
 */
export async function spool(
  content: Readable,
  path: string,
  largest: number,
): Promise<{ md5: string; size: number }> {
  const hash = createHash('md5');
  let size = 0;
  const meter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      size += chunk.length;
      hash.update(chunk);
      if (size > largest) done(badRequest('The upload is larger than this hub accepts.'));
      else done(null, chunk);
    },
  });
  try {
    await pipeline(content, meter, createWriteStream(path, { mode: 0o600 }));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return { md5: hash.digest('hex'), size };
}

export interface Spooled {
  path: string;
  /** Hex. */
  md5: string;
  /** Bytes. */
  size: number;
}

/**
 * Receives what a client sends whole, in a file of its own in `folder`, before it goes on: a store then
 * hears the length and the MD5 first, and never keeps half of it.
 */
export async function spooled<T>(
  content: Readable,
  { folder, largest }: { folder: string; largest: number },
  send: (file: Spooled) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, randomUUID());
  const received = await spool(content, path, largest);
  try {
    return await send({ path, ...received });
  } finally {
    await rm(path, { force: true });
  }
}

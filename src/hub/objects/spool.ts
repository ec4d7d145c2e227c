import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
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

import type { FastifyReply, FastifyRequest } from 'fastify';
import { notFound } from '../errors.ts';
import type { ObjectStore } from './object-store.ts';
import { parseRange } from './range.ts';

/** Answers a GET or HEAD with the bytes of an object, or with the range that was asked for. */
export async function sendObject(
  objects: ObjectStore,
  key: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const info = await objects.head(key);
  if (!info) throw notFound(`There is no object ${key}.`);
  const range = parseRange(request.headers.range, info.size);
  reply.header('accept-ranges', 'bytes').header('etag', info.etag);
  if (range === 'unsatisfiable') {
    return reply.status(416).header('content-range', `bytes */${info.size}`).send();
  }
  const length = range ? range.end - range.start + 1 : info.size;
  reply.status(range ? 206 : 200).header('content-length', length);
  if (range) reply.header('content-range', `bytes ${range.start}-${range.end}/${info.size}`);
  if (request.method === 'HEAD') return reply.send();
  return reply.send(length === 0 ? Buffer.alloc(0) : await objects.read(key, range));
}

const contentTypes: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  m4a: 'audio/mp4',
  json: 'application/json',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
};

/** Only types that a browser cannot be made to run; everything else is a download. */
export function contentTypeOf(key: string): string {
  return contentTypes[key.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream';
}

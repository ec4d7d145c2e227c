import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { parseRange } from './ranges.ts';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  mov: 'video/mp4',
  webm: 'video/webm',
  mkv: 'video/x-matroska',
};

export function contentTypeOf(name: string): string {
  return types[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
}

export interface FileResponseOptions {
  contentType: string;
  cacheControl: string;
}

/** The file or the range that was asked for; 404 where there is no such file. */
export async function fileResponse(
  request: Request,
  path: string,
  { contentType, cacheControl }: FileResponseOptions,
): Promise<Response> {
  const info = await stat(path).catch(() => null);
  if (info === null || !info.isFile()) return new Response('not found', { status: 404 });
  const headers = new Headers({
    'content-type': contentType,
    'cache-control': cacheControl,
    'accept-ranges': 'bytes',
    'last-modified': info.mtime.toUTCString(),
  });
  const range = parseRange(request.headers.get('range'), info.size);
  if (range.kind === 'unsatisfiable') {
    headers.set('content-range', `bytes */${info.size}`);
    return new Response(null, { status: 416, headers });
  }
  const start = range.kind === 'part' ? range.start : 0;
  const length = range.kind === 'part' ? range.end - range.start + 1 : info.size;
  headers.set('content-length', String(length));
  if (range.kind === 'part') headers.set('content-range', `bytes ${start}-${range.end}/${info.size}`);
  const empty = request.method === 'HEAD' || length === 0;
  const body = empty ? null : fileStream(path, start, start + length - 1);
  return new Response(body, { status: range.kind === 'part' ? 206 : 200, headers });
}

function fileStream(path: string, start: number, end: number): ReadableStream<Uint8Array> {
  const file = createReadStream(path, { start, end, highWaterMark: 256 * 1024 });
  return Readable.toWeb(file) as ReadableStream<Uint8Array>;
}

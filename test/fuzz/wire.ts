import { gzipSync } from 'node:zlib';
import type { Random } from '../../src/base/random.ts';
import { pick } from './values.ts';

/** What goes over the wire: more than JSON can say. */
export interface Wire {
  headers: Record<string, string>;
  bytes: Buffer | undefined;
}

type Fault = (wire: Wire, random: Random) => Wire;

/** One in this many requests is also spoiled below its JSON. */
const ONE_IN = 6;
const DEEP_LEVELS = 100_000;
const LONG_TEXT = 2_000_000;

/** The request as bytes and headers, now and then with one thing wrong with those. */
export function wireOf(body: unknown, random: Random): Wire {
  const wire: Wire =
    body === undefined
      ? { headers: {}, bytes: undefined }
      : { headers: { 'content-type': 'application/json' }, bytes: Buffer.from(JSON.stringify(body)) };
  if (random() >= 1 / ONE_IN) return wire;
  return pick(random, wire.bytes === undefined ? inHeaders : [...inHeaders, ...inBytes])(wire, random);
}

const header =
  (name: string, values: readonly string[]): Fault =>
  ({ headers, bytes }, random) => ({ headers: { ...headers, [name]: pick(random, values) }, bytes });

const bytes =
  (change: (from: Buffer, random: Random) => Buffer): Fault =>
  (wire, random) => ({ ...wire, bytes: wire.bytes && change(wire.bytes, random) });

const inHeaders: readonly Fault[] = [
  header('authorization', ['Token', 'Token x', 'Bearer \u00e9', 'Basic eDp5', 'Token ' + 'x'.repeat(4000)]),
  header('accept', ['application/xml', '*', ';;;', 'image/png']),
  header('accept-encoding', ['gzip', 'identity;q=0, *;q=0', 'br;q=x']),
  header('idempotency-key', ['', ' ', 'k', '"', 'x'.repeat(4000), "'; --"]),
  header('range', ['bytes=-1', 'bytes=9-1', 'bytes=x', 'bytes=0-0,5-9']),
  header('cookie', ['sessionid', 'a=b; a=%00', '=']),
];

const inBytes: readonly Fault[] = [
  header('content-type', [
    'text/plain',
    'multipart/form-data',
    'application/xml',
    'x',
    'application/json; charset=utf-16',
  ]),
  bytes((from, random) => from.subarray(0, Math.floor(random() * from.length))),
  bytes((from) => Buffer.concat([from, Buffer.from('}')])),
  bytes((from) => Buffer.concat([from, Buffer.from([0])])),
  bytes(() => Buffer.from([0x22, 0xc3, 0x28, 0x22])), // no UTF-8
  bytes(() => Buffer.from('{"a": NaN}')),
  bytes(() => Buffer.from(`{"frame": 1${'0'.repeat(5000)}}`)),
  bytes(() => Buffer.from('['.repeat(DEEP_LEVELS))),
  bytes(() => Buffer.from(JSON.stringify({ name: 'x'.repeat(LONG_TEXT) }))),
  // As a client that compresses, and as one that only says so.
  ({ headers, bytes: from }) => ({
    headers: { ...headers, 'content-encoding': 'gzip' },
    bytes: from && gzipSync(from),
  }),
  header('content-encoding', ['gzip', 'br', 'x']),
];

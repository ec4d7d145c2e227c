import { crc32 } from 'node:zlib';

/**
 * The form of a log's segment. Each entry is one line of text:
 *
 *   <seq> <bytes of body> <crc32 of "seq body", 8 hex digits> <body as a JSON string>\n
 *
 * A line that was cut off, or whose length or check sum is wrong, ends the segment: what follows it was
 * never acknowledged, because acknowledgements are given in order after a sync.
 */
export interface LogEntry {
  seq: number;
  body: string;
}

export interface ReadSegment {
  entries: LogEntry[];
  /** Bytes up to the end of the last sound line; the rest is a torn tail. */
  soundBytes: number;
}

export function encodeEntry({ seq, body }: LogEntry): Buffer {
  const text = Buffer.from(JSON.stringify(body), 'utf8');
  return Buffer.concat([
    Buffer.from(`${seq} ${text.length} ${checkSum(seq, text)} `, 'latin1'),
    text,
    newline,
  ]);
}

/** Reads the sound part. With `firstSeq`, the entries must count up from it without gaps. */
export function decodeSegment(bytes: Buffer, firstSeq: number): ReadSegment {
  const entries: LogEntry[] = [];
  let at = 0;
  for (;;) {
    const line = readLine(bytes, at);
    if (line === null || line.entry.seq !== firstSeq + entries.length) return { entries, soundBytes: at };
    entries.push(line.entry);
    at = line.end;
  }
}

const newline = Buffer.from('\n');
const header = /^(\d{1,16}) (\d{1,10}) ([0-9a-f]{8}) /;
const longestHeader = 16 + 1 + 10 + 1 + 8 + 1;

function readLine(bytes: Buffer, at: number): { entry: LogEntry; end: number } | null {
  const match = header.exec(bytes.toString('latin1', at, at + longestHeader));
  if (match === null) return null;
  const seq = Number(match[1]);
  const start = at + match[0].length;
  const end = start + Number(match[2]);
  if (end >= bytes.length || bytes[end] !== newline[0]) return null;
  const text = bytes.subarray(start, end);
  if (checkSum(seq, text) !== match[3]) return null;
  return { entry: { seq, body: JSON.parse(text.toString('utf8')) as string }, end: end + 1 };
}

function checkSum(seq: number, text: Uint8Array): string {
  return crc32(text, crc32(`${seq} `))
    .toString(16)
    .padStart(8, '0');
}

import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../base/assert.ts';
import { diskError, syncFolder } from './files.ts';
import { decodeSegment, encodeEntry, type LogEntry } from './log-segment.ts';

/**
 * An append-only log that survives a power cut, in segments named after their first seq.
 *
 *   append --> waiting --> [ write, sync ] --> acknowledged
 *                 ^______________|   what arrives meanwhile goes with the next sync
 *
 * Numbers have no gaps and are never given twice, also when everything was released: the newest segment
 * always exists, and its name holds the next number.
 */
export interface AppendLog {
  /** Resolves when all bodies are on disk, with the last one's seq. A failure leaves the log as it was. */
  append(bodies: readonly string[]): Promise<number>;
  read(after: number, limit: number): Promise<{ entries: LogEntry[]; first: number; last: number }>;
  /** Drops whole segments up to `through`, which a server has confirmed. */
  release(through: number): Promise<void>;
  close(): Promise<void>;
}

interface Segment {
  path: string;
  firstSeq: number;
  /** Acknowledged entries and bytes; what lies behind in the file does not count. */
  count: number;
  bytes: number;
}

interface Waiting {
  bodies: readonly string[];
  resolve: (lastSeq: number) => void;
  reject: (error: unknown) => void;
}

export interface AppendLogOptions {
  folder: string;
  /** A segment that reached this many bytes is followed by a new one. */
  segmentBytes?: number;
  /** `open` of `node:fs/promises`, so that tests can let the disk fail. */
  openFile?: (path: string, flags: string, mode?: number) => Promise<FileHandle>;
}

const defaultSegmentBytes = 4 * 1024 * 1024;

export async function openAppendLog({
  folder,
  segmentBytes = defaultSegmentBytes,
  openFile = open,
}: AppendLogOptions): Promise<AppendLog> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const segments = await loadSegments(folder);
  let file: FileHandle | null = null;
  let waiting: Waiting[] = [];
  let flushing: Promise<void> | null = null;
  let housekeeping: Promise<void> = Promise.resolve();

  const active = (): Segment => must(segments.at(-1));
  const lastSeq = (): number => active().firstSeq + active().count - 1;

  const startSegment = async (): Promise<void> => {
    await file?.close().catch(() => {});
    file = null;
    const firstSeq = segments.length === 0 ? 1 : lastSeq() + 1;
    const path = join(folder, segmentName(firstSeq));
    const next = await openFile(path, 'w', 0o600);
    try {
      await next.sync();
      await syncFolder(folder);
    } catch (error) {
      await next.close().catch(() => {});
      throw error;
    }
    file = next;
    if (segments.at(-1)?.firstSeq === firstSeq) segments.pop(); // an empty or given-up one of the same name
    segments.push({ path, firstSeq, count: 0, bytes: 0 });
  };

  const write = async (batch: readonly Waiting[]): Promise<number[]> => {
    if (active().bytes >= segmentBytes) await startSegment();
    file ??= await openFile(active().path, 'r+');
    const target = active();
    let seq = lastSeq();
    const lines = batch.flatMap(({ bodies }) => bodies.map((body) => encodeEntry({ seq: ++seq, body })));
    const bytes = Buffer.concat(lines);
    for (let sent = 0; sent < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, sent, bytes.length - sent, target.bytes + sent);
      sent += bytesWritten;
    }
    await file.datasync();
    const before = lastSeq();
    target.bytes += bytes.length;
    target.count += lines.length;
    return runningTotals(before, batch);
  };

  /**
   * After a failed write or sync nobody knows what of the batch is on disk. The part behind the last
   * acknowledged byte is cut off; where even that fails, opening overwrites or ignores it, because the
   * numbers in it are given again.
   */
  const giveUpTail = async (): Promise<void> => {
    await file?.close().catch(() => {});
    file = null;
    await truncate(active().path, active().bytes).catch(() => {});
  };

  const flush = async (): Promise<void> => {
    await housekeeping;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const seqs = await write(batch);
        batch.forEach(({ resolve }, i) => resolve(must(seqs[i])));
      } catch (error) {
        await giveUpTail();
        for (const { reject } of batch) reject(diskError(error));
      }
    }
    flushing = null;
  };

  /** Runs between flushes, never beside one. */
  const between = (work: () => Promise<void>): Promise<void> => {
    const done = Promise.all([housekeeping, flushing]).then(work);
    housekeeping = done.catch(() => {});
    return done;
  };

  if (segments.length === 0) await startSegment();

  return {
    append: (bodies) =>
      new Promise((resolve, reject) => {
        waiting.push({ bodies, resolve, reject });
        flushing ??= flush();
      }),

    async read(after, limit) {
      const entries: LogEntry[] = [];
      const first = must(segments[0]).firstSeq;
      for (const { path, firstSeq, count, bytes } of [...segments]) {
        if (entries.length >= limit) break;
        if (firstSeq + count - 1 <= after) continue;
        const content = (await readFile(path)).subarray(0, bytes);
        entries.push(...decodeSegment(content, firstSeq).entries.filter(({ seq }) => seq > after));
      }
      return { entries: entries.slice(0, limit), first, last: lastSeq() };
    },

    release: (through) =>
      between(async () => {
        if (active().count > 0 && lastSeq() <= through) await startSegment();
        while (segments.length > 1) {
          const { path, firstSeq, count } = must(segments[0]);
          if (firstSeq + count - 1 > through) break;
          await rm(path, { force: true });
          segments.shift();
        }
        await syncFolder(folder);
      }).catch((error: unknown) => {
        throw diskError(error);
      }),

    close: () =>
      between(async () => {
        await file?.close();
        file = null;
      }),
  };
}

/** The last seq of each of the batch's appends. */
function runningTotals(before: number, batch: readonly Waiting[]): number[] {
  let seq = before;
  return batch.map(({ bodies }) => (seq += bodies.length));
}

function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(16, '0')}.log`;
}

const segmentPattern = /^(\d{16})\.log$/;

/** The segments on disk, oldest first, each up to where the next begins; the newest one's torn tail is cut. */
async function loadSegments(folder: string): Promise<Segment[]> {
  const starts = (await readdir(folder))
    .map((name) => segmentPattern.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  const segments: Segment[] = [];
  for (const [i, firstSeq] of starts.entries()) {
    const path = join(folder, segmentName(firstSeq));
    const content = await readFile(path);
    const { entries, soundBytes } = decodeSegment(content, firstSeq);
    const next = starts[i + 1];
    // A given-up tail may have stayed in the file: its numbers were given again in the next segment.
    const count = Math.min(entries.length, next === undefined ? entries.length : next - firstSeq);
    segments.push({ path, firstSeq, count, bytes: soundBytes });
    if (next === undefined && soundBytes < content.length) await truncate(path, soundBytes);
  }
  return segments;
}

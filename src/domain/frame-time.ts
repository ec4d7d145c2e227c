/**
 * Frames and times.
 *
 * A frame's number is its ordinal, in presentation order, among the presentable pictures of a file. The
 * table of their presentation times is the only link between a number and a time: no frame rate enters.
 * Times are whole ticks of 1/timescale second, so that 60000/1001 frames a second stay exact.
 */

/** The presentation times of one file's frames. Tables of two files or two tools are never mixed. */
export type FrameTable = {
  /** Ticks in a second; a positive integer. */
  readonly timescale: number;
  /** `ticks[n]` is when frame `n` appears; integers >= 0, never falling. At least one. */
  readonly ticks: Float64Array;
  /** When the last frame ends; greater than the last tick. */
  readonly endTick: number;
};

/** Half-open: the frame shows from `start` up to, not including, `end`; seconds. */
export type FrameInterval = { readonly start: number; readonly end: number };

export type TimingComparison =
  | { readonly kind: 'same' }
  | { readonly kind: 'count-differs'; readonly expected: number; readonly actual: number }
  | {
      readonly kind: 'time-differs';
      readonly frame: number;
      /** Seconds since the first frame. */
      readonly expected: number;
      readonly actual: number;
    };

/** Thrown where bytes or numbers from outside do not make a frame table. */
export class FrameTableError extends Error {
  override name = 'FrameTableError';
}

/** Media clocks count microseconds and may round down: a time this close below a frame belongs to it. */
const clockRounding = 1.5e-6;

const magic = [0x54, 0x46, 0x54, 0x31]; // "TFT1"

export type FrameTableParts = {
  readonly timescale: number;
  /** In presentation order. */
  readonly ticks: ArrayLike<number>;
  /** Ticks that the last frame lasts; where unknown or not positive, the median of the others is taken. */
  readonly lastDuration?: number | undefined;
};

/** Checks the parts and joins them; throws `FrameTableError`. */
export function makeFrameTable({ timescale, ticks: given, lastDuration }: FrameTableParts): FrameTable {
  if (!Number.isSafeInteger(timescale) || timescale <= 0) {
    throw new FrameTableError(`the time scale must be a positive integer, not ${timescale}`);
  }
  const ticks = Float64Array.from(given);
  if (ticks.length === 0) throw new FrameTableError('a frame table needs at least one frame');
  let previous = 0;
  for (const [frame, tick] of ticks.entries()) {
    if (!Number.isSafeInteger(tick) || tick < previous) {
      throw new FrameTableError(`frame ${frame} has time ${tick}, after ${previous}`);
    }
    previous = tick;
  }
  const last =
    lastDuration !== undefined && Number.isSafeInteger(lastDuration) && lastDuration > 0
      ? lastDuration
      : (medianStep(ticks) ?? timescale);
  const endTick = previous + Math.max(1, Math.round(last));
  if (!Number.isSafeInteger(endTick)) throw new FrameTableError('the times are too large');
  return { timescale, ticks, endTick };
}

export function frameCount(table: FrameTable): number {
  return table.ticks.length;
}

/** Seconds from the first frame's appearance to the last frame's end. */
export function durationOf(table: FrameTable): number {
  return (table.endTick - tickOf(table, 0)) / table.timescale;
}

/**
 * The frame on screen at `seconds`. A time before the first frame gives 0, one after the end the last frame.
 * A time a microsecond before a frame's start counts as that frame.
 */
export function frameAt(table: FrameTable, seconds: number): number {
  if (Number.isNaN(seconds)) throw new FrameTableError('there is no frame at NaN seconds');
  return lastStartedBy(table, (seconds + clockRounding) * table.timescale);
}

/**
 * The frame whose start is nearest to `seconds`: for presentation times that another clock reports
 * (`requestVideoFrameCallback`, a decoder), which may be rounded either way.
 */
export function frameStartingNear(table: FrameTable, seconds: number): number {
  const target = seconds * table.timescale;
  const frame = lastStartedBy(table, target);
  const next = frame + 1;
  if (next >= table.ticks.length) return frame;
  return tickOf(table, next) - target < target - tickOf(table, frame) ? next : frame;
}

/** When `frame` shows. Empty (`start === end`) only where two frames of the file claim the same time. */
export function intervalOf(table: FrameTable, frame: number): FrameInterval {
  const start = tickOf(table, frame);
  const end = frame + 1 < table.ticks.length ? tickOf(table, frame + 1) : table.endTick;
  return { start: start / table.timescale, end: end / table.timescale };
}

/** Where to seek so that `frame` is shown whatever way the player rounds; seconds. */
export function middleOf(table: FrameTable, frame: number): number {
  const { start, end } = intervalOf(table, frame);
  return (start + end) / 2;
}

/**
 * Frames a second for fields that want one number (the server's `fps`); never for finding a frame. The mean
 * where the steps are even up to the rounding of ticks, else the rate of the median step.
 */
export function nominalFps(table: FrameTable): number {
  const { ticks, timescale } = table;
  const steps = ticks.length - 1;
  if (steps === 0) return timescale / (table.endTick - tickOf(table, 0));
  const mean = (tickOf(table, steps) - tickOf(table, 0)) / steps;
  const even = ticks.every((tick, i) => i === 0 || Math.abs(tick - tickOf(table, i - 1) - mean) <= 1);
  const step = even ? mean : (medianStep(ticks) ?? mean);
  return timescale / (step > 0 ? step : Math.max(mean, 1));
}

/**
 * Whether `actual` has the frames of `expected` at the same times since the first frame, each within
 * `tolerance` seconds. Where each file starts does not count.
 */
export function sameTiming(expected: FrameTable, actual: FrameTable, tolerance: number): TimingComparison {
  if (expected.ticks.length !== actual.ticks.length) {
    return { kind: 'count-differs', expected: expected.ticks.length, actual: actual.ticks.length };
  }
  for (let frame = 0; frame < expected.ticks.length; frame++) {
    const want = sinceFirst(expected, frame);
    const have = sinceFirst(actual, frame);
    if (Math.abs(want - have) > tolerance) {
      return { kind: 'time-differs', frame, expected: want, actual: have };
    }
  }
  return { kind: 'same' };
}

/**
 * The table as bytes: "TFT1", then varints: timescale, frames, first tick, last duration, and runs of
 * (step in ticks, how often). Ten minutes of constant rate take some 20 bytes, of free rate some 100 kB.
 */
export function encodeFrameTable(table: FrameTable): Uint8Array {
  const { ticks } = table;
  const first = tickOf(table, 0);
  const last = tickOf(table, ticks.length - 1);
  const bytes: number[] = [...magic];
  for (const value of [table.timescale, ticks.length, first, table.endTick - last]) pushVarint(bytes, value);
  for (let i = 1; i < ticks.length;) {
    const step = tickOf(table, i) - tickOf(table, i - 1);
    let run = 1;
    while (i + run < ticks.length && tickOf(table, i + run) - tickOf(table, i + run - 1) === step) run++;
    pushVarint(bytes, step);
    pushVarint(bytes, run);
    i += run;
  }
  return Uint8Array.from(bytes);
}

/** Reads what `encodeFrameTable` wrote; anything else throws `FrameTableError`. */
export function decodeFrameTable(source: unknown): FrameTable {
  const bytes = asBytes(source);
  if (magic.some((byte, i) => bytes[i] !== byte)) throw new FrameTableError('these bytes are no frame table');
  const reader = { bytes, at: magic.length };
  const timescale = readVarint(reader);
  const count = readVarint(reader);
  const first = readVarint(reader);
  const lastDuration = readVarint(reader);
  const ticks = readTicks(reader, { count, first });
  if (reader.at !== bytes.length) throw new FrameTableError('bytes are left over after the frame table');
  return makeFrameTable({ timescale, ticks, lastDuration });
}

/** 64-bit FNV-1a of the encoded table, 16 hexadecimal digits. Not a cryptographic hash. */
export function frameTableDigest(table: FrameTable): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of encodeFrameTable(table)) {
    low = (low ^ byte) >>> 0;
    // times 2^40 + 0x1b3, modulo 2^64
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
    low = product % 2 ** 32;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

function tickOf(table: FrameTable, frame: number): number {
  const tick = table.ticks[frame];
  if (tick === undefined) {
    throw new FrameTableError(
      `there is no frame ${frame}; the file has frames 0 to ${table.ticks.length - 1}`,
    );
  }
  return tick;
}

/** The last frame that starts at or before `target` ticks, by halving; 0 where none does. */
function lastStartedBy(table: FrameTable, target: number): number {
  let low = 0;
  let high = table.ticks.length; // the answer lies in [low, high)
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (tickOf(table, middle) <= target) low = middle;
    else high = middle;
  }
  return low;
}

function sinceFirst(table: FrameTable, frame: number): number {
  return (tickOf(table, frame) - tickOf(table, 0)) / table.timescale;
}

function medianStep(ticks: Float64Array): number | undefined {
  const steps = Float64Array.from({ length: Math.max(0, ticks.length - 1) }, (_, i) => {
    return (ticks[i + 1] ?? 0) - (ticks[i] ?? 0);
  }).sort();
  return steps[Math.floor(steps.length / 2)];
}

function asBytes(source: unknown): Uint8Array {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  throw new FrameTableError('a stored frame table must be bytes');
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

function readVarint(reader: { readonly bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 53; scale *= 0x80) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw new FrameTableError('the frame table is cut off');
    value += (byte % 0x80) * scale;
    if (byte < 0x80) {
      if (Number.isSafeInteger(value)) return value;
      break;
    }
  }
  throw new FrameTableError('a number in the frame table is too large');
}

/** Ten days at 120 frames a second; a damaged count must not reserve all memory. */
const mostFrames = 120 * 86_400 * 10;

function readTicks(
  reader: { readonly bytes: Uint8Array; at: number },
  { count, first }: { readonly count: number; readonly first: number },
): Float64Array {
  if (count < 1 || count > mostFrames)
    throw new FrameTableError(`a table of ${count} frames is not possible`);
  const ticks: number[] = [first];
  let tick = first;
  while (ticks.length < count) {
    const step = readVarint(reader);
    const run = readVarint(reader);
    if (run < 1 || run > count - ticks.length) throw new FrameTableError('a run in the frame table is wrong');
    for (let i = 0; i < run; i++) ticks.push((tick += step));
  }
  return Float64Array.from(ticks);
}

import { makeFrameTable, type FrameTable } from '../domain/frame-time.ts';

/** One coded picture, in the order of the file. */
export type Packet = {
  /** Presentation time after the edit list, in ticks; negative ones are never shown. */
  readonly tick: number;
  /** Ticks; 0 where unknown. */
  readonly duration: number;
  readonly isKey: boolean;
};

/** How far apart a file's key frames are: what a seek costs. */
export type GopInfo = {
  readonly keyFrames: number;
  /** The longest run of frames from one key frame to the next. */
  readonly longestFrames: number;
  readonly longestSeconds: number;
};

/** The table of the presentable pictures; null where there is none. `packets` may be in any order. */
export function frameTableOf(packets: readonly Packet[], timescale: number): FrameTable | null {
  const shown = packets.filter(({ tick }) => tick >= 0).sort((a, b) => a.tick - b.tick);
  const last = shown.at(-1);
  if (last === undefined) return null;
  return makeFrameTable({ timescale, ticks: shown.map(({ tick }) => tick), lastDuration: last.duration });
}

export function gopInfoOf(packets: readonly Packet[], timescale: number): GopInfo {
  const byTime = [...packets].sort((a, b) => a.tick - b.tick);
  const keys = byTime.flatMap(({ isKey }, i) => (isKey ? [i] : []));
  let longestFrames = 0;
  let longestTicks = 0;
  for (const [n, from] of [0, ...keys].entries()) {
    const to = keys[n] ?? byTime.length;
    if (to <= from) continue;
    const end = byTime[to]?.tick ?? (byTime.at(-1)?.tick ?? 0) + (byTime.at(-1)?.duration ?? 0);
    longestFrames = Math.max(longestFrames, to - from);
    longestTicks = Math.max(longestTicks, end - (byTime[from]?.tick ?? 0));
  }
  return { keyFrames: keys.length, longestFrames, longestSeconds: longestTicks / timescale };
}

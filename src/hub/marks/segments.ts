/**
 * Runs of consecutive frames as inclusive `[first, last]` pairs, ascending. A repeated frame begins a
 * new run, as in the original; members without a frame are left out (the original fails on them).
 */
export function segmentsOf(frames: readonly (number | null)[]): number[][] {
  const sorted = frames.filter((frame) => frame !== null).sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const frame of sorted) {
    const run = runs.at(-1);
    if (run && frame === run[1] + 1) run[1] = frame;
    else runs.push([frame, frame]);
  }
  return runs;
}

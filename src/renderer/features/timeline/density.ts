/** How many annotations fall in each of `bins` places between the first and the last frame, by frame number. */
export function densityOf(frames: readonly number[], total: number, bins: number): Uint32Array {
  const counts = new Uint32Array(Math.max(1, bins));
  for (const frame of frames) {
    const bin = Math.min(
      counts.length - 1,
      Math.max(0, Math.round((frame / Math.max(1, total - 1)) * (counts.length - 1))),
    );
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

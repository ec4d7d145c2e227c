/** How many annotations fall in each of `bins` equal parts of the media, by frame number. */
export function densityOf(frames: readonly number[], total: number, bins: number): Uint32Array {
  const counts = new Uint32Array(Math.max(1, bins));
  if (total < 1) return counts;
  for (const frame of frames) {
    const bin = Math.min(counts.length - 1, Math.max(0, Math.floor((frame / total) * counts.length)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** One height that the streaming player may choose; `crf` is libx264's quality, lower is better. */
export type Rung = { readonly height: number; readonly width: number; readonly crf: number };

export type RungSetting = { readonly height: number; readonly crf: number };

export const defaultLadder: readonly RungSetting[] = [144, 360, 480, 720, 1080].map((height) => ({
  height,
  crf: 23,
}));

/**
 * The streaming sizes of a source of the given shown size: every configured height up to the source's; a source
 * that is lower than the highest and not itself listed gets its own height too, with the next one's quality.
 * Ascending, never empty, all sides even. Source: video-format.md 10.2.
 */
export function ladderFor(
  source: { readonly width: number; readonly height: number },
  settings: readonly RungSetting[] = defaultLadder,
): readonly Rung[] {
  const ascending = [...settings].sort((a, b) => a.height - b.height);
  const chosen = ascending.filter(({ height }) => height <= source.height);
  const next = ascending.find(({ height }) => height > source.height);
  const last = chosen.at(-1);
  if (next !== undefined && last?.height !== source.height) chosen.push({ ...next, height: source.height });
  if (chosen.length === 0) chosen.push({ height: source.height, crf: 23 });
  return chosen.map(({ height, crf }) => ({
    height: even(height),
    width: even((source.width * height) / source.height),
    crf,
  }));
}

/** The nearest even number, at least 2: 4:2:0 pictures have no odd sides. */
export function even(pixels: number): number {
  return Math.max(2, Math.round(pixels / 2) * 2);
}

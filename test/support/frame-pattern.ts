import { framePattern, patternCells } from '../../scripts/frame-pattern.ts';

/**
 * The frame number that a picture of our own clip carries, at any scale. `pixels` are rows of RGB or RGBA,
 * as from a canvas. Null where the strip is not there or cannot be read with certainty.
 */
export function readFramePattern(
  pixels: Uint8ClampedArray | Uint8Array,
  width: number,
  height: number,
): number | null {
  const channels = pixels.length / (width * height);
  if (channels !== 3 && channels !== 4) return null;
  const cells = patternCells(0).map((_, i) => {
    const x = Math.floor((framePattern.left + (i + 0.5) * framePattern.cellWidth) * width);
    const y = Math.floor((framePattern.top + 0.5 * framePattern.cellHeight) * height);
    const at = (y * width + x) * channels;
    const light = ((pixels[at] ?? 0) + (pixels[at + 1] ?? 0) + (pixels[at + 2] ?? 0)) / 3;
    return light > 170 ? true : light < 85 ? false : null;
  });
  const number = cells.slice(2, 2 + framePattern.bits).reduce((sum, cell) => sum * 2 + (cell ? 1 : 0), 0);
  // the number is certain only if the whole strip, with its ends and its parity, is the one of that number
  return patternCells(number).every((white, i) => cells[i] === white) ? number : null;
}

/**
 * How a test clip carries each frame's number in its picture: a strip of black and white squares, so that a
 * test can read from a canvas which frame is really shown. Lengths are fractions of the picture, so that the
 * strip survives scaling.
 *
 *   white  black  b11 b10 ... b1 b0  parity  white
 *
 * The parity square is white where the number has an odd count of ones.
 */
export const framePattern = {
  bits: 12,
  /** Left and top edge of the first square. */
  left: 0.025,
  top: 0.9,
  /** A square's sides, as fractions of the picture's width and height; square at 16:9. */
  cellWidth: 0.03125,
  cellHeight: 0.0555,
} as const;

/** The squares from left to right, true for white. */
export function patternCells(frame: number): readonly boolean[] {
  const bits = Array.from(
    { length: framePattern.bits },
    (_, i) => Math.floor(frame / 2 ** (framePattern.bits - 1 - i)) % 2 === 1,
  );
  const odd = bits.filter(Boolean).length % 2 === 1;
  return [true, false, ...bits, odd, true];
}

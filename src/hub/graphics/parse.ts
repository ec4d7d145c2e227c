import type { Crop, PixelSize } from '../../media/frames.ts';
import { badRequest } from '../errors.ts';

const LONGEST_SIDE = 8192;
const MOST_PIXELS = 64 * 1024 * 1024;

/**
 * `WxH` in pixels.
 * @throws HubError 400
 */
export function parseSize(name: string, text: string | undefined): PixelSize | undefined {
  if (text === undefined) return undefined;
  const { first: width, second: height } = parsePair(name, text);
  if (width > LONGEST_SIDE || height > LONGEST_SIDE) {
    throw badRequest(`"${name}" is at most ${LONGEST_SIDE}x${LONGEST_SIDE}.`);
  }
  return { width, height };
}

export interface Grid {
  columns: number;
  rows: number;
}

/**
 * The grid `WxH` for so many pictures; without one, the smallest that is about as wide as high.
 * @throws HubError 400 when they do not fit.
 */
export function parseGrid(text: string | undefined, pictures: number): Grid {
  if (text === undefined) {
    const columns = Math.ceil(Math.sqrt(pictures));
    return { columns, rows: Math.ceil(pictures / columns) };
  }
  const { first: columns, second: rows } = parsePair('tile', text);
  if (columns * rows < pictures) throw badRequest(`A tiling of ${text} does not hold ${pictures} pictures.`);
  return { columns, rows };
}

/** @throws HubError 400 for a picture beyond what one request may ask for. */
export function refuseHuge({ columns, rows }: Grid, { width, height }: PixelSize): void {
  if (columns * rows * width * height > MOST_PIXELS) {
    throw badRequest('The picture would be too large; ask for fewer frames or a smaller force_scale.');
  }
}

function parsePair(name: string, text: string): { first: number; second: number } {
  const match = /^(\d{1,6})x(\d{1,6})$/i.exec(text);
  const [first, second] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  if (first < 1 || second < 1) throw badRequest(`"${name}" must be two numbers like 320x240.`);
  return { first, second };
}

/**
 * Parts `w:h:x:y` of the picture, as fractions of it, separated by commas: one for all frames, or one
 * for each.
 * @throws HubError 400
 */
export function parseRois(text: string | undefined, frames: number): (Crop | undefined)[] {
  if (text === undefined) return Array.from({ length: frames }, () => undefined);
  const rois = text.split(',').map(parseRoi);
  if (rois.length !== 1 && rois.length !== frames) {
    throw badRequest(`"roi" must be one part, or one for each of the ${frames} frames.`);
  }
  return Array.from({ length: frames }, (_, i) => rois[rois.length === 1 ? 0 : i]);
}

function parseRoi(text: string): Crop {
  const numbers = text.split(':').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const [width = NaN, height = NaN, x = NaN, y = NaN] = numbers;
  const within = [width, height, x, y].every((part) => part >= 0 && part <= 1);
  if (numbers.length !== 4 || !within || width === 0 || height === 0) {
    throw badRequest('"roi" must be w:h:x:y, each from 0 to 1.');
  }
  return { x, y, width: Math.min(width, 1 - x), height: Math.min(height, 1 - y) };
}

export type PictureFormat = 'png' | 'jpeg' | 'gif' | 'mp4';

const formats: Readonly<Record<string, PictureFormat>> = {
  png: 'png',
  jpg: 'jpeg',
  jpeg: 'jpeg',
  gif: 'gif',
  mp4: 'mp4',
};

/**
 * The `format` parameter, which the published interface leaves out. Films are gif (usual) or mp4, stills
 * png (usual) or jpg.
 * @throws HubError 400
 */
export function parseFormat(
  given: string | string[] | undefined,
  { moves }: { moves: boolean },
): PictureFormat {
  const text = Array.isArray(given) ? given.at(-1) : given;
  if (text === undefined || text === '') return moves ? 'gif' : 'png';
  const format = Object.hasOwn(formats, text.toLowerCase()) ? formats[text.toLowerCase()] : undefined;
  const fits = moves ? ['gif', 'mp4'] : ['png', 'jpeg'];
  if (format !== undefined && fits.includes(format)) return format;
  throw badRequest(moves ? 'A film is a gif or an mp4.' : 'A picture is a png or a jpg.');
}

export const mimeOf: Record<PictureFormat, string> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  mp4: 'video/mp4',
};

/** Frames from the first to the last, both in it. */
export interface FrameRange {
  first: number;
  last: number;
}

const MOST_RANGES = 64;

/**
 * Ranges like `0:100`.
 * @throws HubError 400
 */
export function parseFrameRanges(texts: readonly string[]): FrameRange[] {
  if (texts.length === 0 || texts.length > MOST_RANGES)
    throw badRequest(`1 to ${MOST_RANGES} ranges of frames can be cut.`);
  return texts.map((text) => {
    const match = /^(\d{1,9}):(\d{1,9})$/.exec(text.trim());
    const [first, last] = [Number(match?.[1] ?? NaN), Number(match?.[2] ?? NaN)];
    if (!(first <= last)) throw badRequest('A range of frames is written like 0:100, the last one in it.');
    return { first, last };
  });
}

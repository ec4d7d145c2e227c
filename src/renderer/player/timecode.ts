import { intervalOf, type FrameTable } from '../../domain/frame-time.ts';

/** Seconds since the first frame as `1:02:03.456` or `02:03.456`. */
export function timecode(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const [h, m, s, rest] = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000) % 60,
    Math.floor(ms / 1000) % 60,
    ms % 1000,
  ];
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${h > 0 ? `${h}:` : ''}${two(m)}:${two(s)}.${String(rest).padStart(3, '0')}`;
}

/** Where the frame lies since the first one, seconds. */
export function timeOfFrame(table: FrameTable, frame: number): number {
  return intervalOf(table, frame).start - intervalOf(table, 0).start;
}

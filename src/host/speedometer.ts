import type { Clock } from '../base/clock.ts';

/** Weight of the past after one second. */
const memory = 0.75;

/** Bytes a second, smoothed, from growing totals; null until a second has passed. */
export function createSpeedometer(clock: Clock): (total: number) => number | null {
  let last: { at: number; total: number } | null = null;
  let speed: number | null = null;
  return (total) => {
    const at = clock.now();
    if (last === null) {
      last = { at, total };
      return null;
    }
    const seconds = (at - last.at) / 1000;
    if (seconds < 1) return speed;
    const now = Math.max(0, total - last.total) / seconds;
    const weight = memory ** seconds;
    speed = speed === null ? now : speed * weight + now * (1 - weight);
    last = { at, total };
    return speed;
  };
}

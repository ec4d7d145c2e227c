import { syncStrings } from '../../strings/sync.en.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago `at` was, in the largest whole unit. A time ahead of the clock counts as now. */
export function ageText(at: number, now: number): string {
  const t = syncStrings.age;
  const age = now - at;
  if (age < MINUTE) return t.now;
  if (age < HOUR) return t.minutes(Math.floor(age / MINUTE));
  if (age < DAY) return t.hours(Math.floor(age / HOUR));
  return t.days(Math.floor(age / DAY));
}

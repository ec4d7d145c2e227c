import { syncStrings } from '../../strings/sync.en.ts';

/** kbit/s, as satellite and mobile links are sold. */
const offered = [64, 128, 256, 512, 1000, 2000, 5000, 10_000, 50_000];

interface LimitOption {
  value: string;
  label: string;
}

/** The caps to choose from; one that was set elsewhere is among them. `limit` in bytes a second. */
export function limitOptions(limit: number | null): LimitOption[] {
  const bytes = offered.map((kilobits) => kilobits * 125);
  const all = limit === null || bytes.includes(limit) ? bytes : [...bytes, limit];
  return [
    { value: limitValue(null), label: syncStrings.uploads.noLimit },
    ...all.sort((a, b) => a - b).map((one) => ({ value: limitValue(one), label: linkRateText(one) })),
  ];
}

export function limitValue(limit: number | null): string {
  return limit === null ? 'none' : String(limit);
}

/** The reverse of `limitValue`; null for no limit. */
export function limitOf(value: string): number | null {
  return value === 'none' ? null : Number(value);
}

/** Bytes a second as the rate of a link: `256 kbit/s`, `2 Mbit/s`. */
export function linkRateText(bytesPerSecond: number): string {
  const kilobits = (bytesPerSecond * 8) / 1000;
  return kilobits < 1000
    ? `${Math.round(kilobits)} kbit/s`
    : `${Number((kilobits / 1000).toFixed(1))} Mbit/s`;
}

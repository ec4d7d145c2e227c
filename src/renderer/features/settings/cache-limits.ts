import { bytesText } from '../../../base/bytes-text.ts';
import { packsStrings } from '../../strings/packs.en.ts';

const gigabyte = 1e9;
const offered = [2, 5, 10, 20, 50, 100, 200, 500, 1000].map((one) => one * gigabyte);

/** The limits to choose from; one that was set elsewhere is among them. Bytes; null for none. */
export function cacheLimitOptions(limit: number | null): { value: string; label: string }[] {
  const all = limit === null || offered.includes(limit) ? offered : [...offered, limit];
  return [
    { value: 'none', label: packsStrings.cache.noLimit },
    ...[...all].sort((a, b) => a - b).map((one) => ({ value: String(one), label: limitText(one) })),
  ];
}

/** Limits are round numbers: `50 GB`. */
export function limitText(limit: number): string {
  return bytesText(limit).replace('.0 ', ' ');
}

export function cacheLimitValue(limit: number | null): string {
  return limit === null ? 'none' : String(limit);
}

/** The reverse of `cacheLimitValue`. */
export function cacheLimitOf(value: string): number | null {
  return value === 'none' ? null : Number(value);
}

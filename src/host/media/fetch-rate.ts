import type { Clock } from '../../base/clock.ts';
import type { ServerAccess } from '../server-calls.ts';
import type { Settings } from '../settings.ts';
import { throttled } from '../throttle.ts';
import { addressOf } from './fetch-media.ts';

/** How fast the servers send, for estimates: bytes a second by account, kept over runs. */
export interface FetchRates {
  note(account: string, rate: number): void;
  /** As last measured, else by a short read of a media's file; null where neither is to be had. */
  rate(account: string, mediaId: number | null): Promise<number | null>;
}

interface FetchRatesOptions {
  settings: Settings;
  server: ServerAccess;
  clock: Clock;
}

/** What a measure may take: it is thrown away. */
const probeBytes = 1024 * 1024;
const probeLimit = 4_000;
const saveGap = 30_000;

export function createFetchRates({ settings, server, clock }: FetchRatesOptions): FetchRates {
  const rates = new Map(Object.entries(settings.get().fetchRates));
  const save = throttled(clock, saveGap, () => {
    // An estimate is not worth an error: the next measure makes it anew.
    settings.change({ fetchRates: Object.fromEntries(rates) }).catch(() => {});
  });
  const note = (account: string, rate: number): void => {
    rates.set(account, Math.round(rate));
    save(undefined);
  };
  return {
    note,
    rate: async (account, mediaId) => {
      const known = rates.get(account);
      if (known !== undefined || mediaId === null) return known ?? null;
      const measured = await probe({ server, clock }, { account, mediaId }).catch(() => null);
      if (measured !== null) note(account, measured);
      return measured;
    },
  };
}

async function probe(
  { server, clock }: Pick<FetchRatesOptions, 'server' | 'clock'>,
  { account, mediaId }: { account: string; mediaId: number },
): Promise<number | null> {
  const limit = AbortSignal.timeout(probeLimit * 2);
  const { url } = await addressOf(server, { account, mediaId, height: null }, limit);
  const headers = { range: `bytes=0-${probeBytes - 1}` };
  const response = await server.transfer(url.href, { headers, signal: limit });
  if (!response.ok || response.body === null) return null;
  const begun = clock.now();
  let bytes = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes >= probeBytes || clock.now() - begun > probeLimit) break;
  }
  return bytes === 0 ? null : (bytes / Math.max(1, clock.now() - begun)) * 1000;
}

import type { Clock } from '../../base/clock.ts';
import type { UploadSession } from './journal.ts';

/** The store refuses the URLs for good (run out, or the upload is forgotten): only a new session helps. */
export class SessionLost extends Error {
  override name = 'SessionLost';
}

/** New URLs by part number, where the server gives them; null where it does not. */
export type Resign = (parts: readonly number[]) => Promise<ReadonlyMap<number, string> | null>;

/** The signed URLs of a session, renewed once they run out or are refused. */
export interface UrlBook {
  /** Throws `SessionLost` when they ran out and nobody gives new ones. */
  urlOf(part: number): Promise<{ url: string; edition: number }>;
  /** The store refused a URL of this edition. Throws `SessionLost` when it refuses renewed ones as well. */
  refused(edition: number, status: number): Promise<void>;
}

export interface UrlBookOptions {
  session: UploadSession;
  clock: Clock;
  /** Part numbers that are still to be sent. */
  missing: () => readonly number[];
  resign: Resign;
  /** The session with its new URLs is to be on disk before they are used. */
  save: (session: UploadSession) => Promise<void>;
}

/** URLs that are refused this often in one attempt are refused for another reason than their age. */
const mostRenewals = 2;

export function openUrlBook({ session, clock, missing, resign, save }: UrlBookOptions): UrlBook {
  let present = session;
  let edition = 0;
  let renewals = 0;
  let renewing: Promise<void> | null = null;
  const lifetime = session.expiresAt - session.issuedAt;

  const renew = async (): Promise<void> => {
    const numbers = missing();
    const fresh = await resign(numbers);
    if (fresh === null) throw new SessionLost('the URLs of the parts ran out');
    const now = clock.now();
    const urls = present.urls.map((url, i) => fresh.get(i + 1) ?? url);
    present = { ...present, urls, issuedAt: now, expiresAt: now + lifetime };
    await save(present);
    edition += 1;
  };
  const renewOnce = (): Promise<void> => {
    renewing ??= renew().finally(() => (renewing = null));
    return renewing;
  };

  return {
    urlOf: async (part) => {
      if (present.expiresAt <= clock.now()) await renewOnce();
      return { url: present.urls[part - 1] ?? '', edition };
    },
    refused: async (refusedEdition, status) => {
      if (refusedEdition < edition) return;
      if (status === 404) throw new SessionLost(`the store answered ${status}`);
      // Lanes that are refused together wait for one renewal.
      if (renewing === null) renewals += 1;
      if (renewals > mostRenewals) throw new SessionLost(`the store answered ${status}`);
      await renewOnce();
    },
  };
}

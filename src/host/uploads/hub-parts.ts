import Type from 'typebox';
import { Check } from 'typebox/value';
import type { UploadServer } from './server-steps.ts';
import type { UploadJob, UploadSession } from './journal.ts';

/**
 * What a hub offers beyond Tator's protocol: telling which parts it has, and signing parts of a running
 * upload anew. Every function gives null where the server has none of it.
 */
const Offer = Type.Object({ extensions: Type.Array(Type.String()) });
const Parts = Type.Array(
  Type.Object({ PartNumber: Type.Integer(), ETag: Type.String(), Size: Type.Number() }),
);
const Signed = Type.Object({ urls: Type.Record(Type.String(), Type.String()) });

type Target = Pick<UploadJob, 'account' | 'projectId'>;
type Session = Pick<UploadSession, 'key' | 'uploadId' | 'urls' | 'kind'>;

export interface ListedPart {
  number: number;
  etag: string;
  size: number;
}

async function offers(
  server: UploadServer,
  job: Target,
  names: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const offer = await server.extension(job.account, '', {}, signal);
  return Check(Offer, offer) && names.some((name) => offer.extensions.includes(name));
}

/** The parts that the store has, with their ETags. */
export async function listParts(
  server: UploadServer,
  job: Target,
  session: Session,
  signal: AbortSignal,
): Promise<ListedPart[] | null> {
  if (session.kind !== 'parts' || !(await offers(server, job, ['list-parts'], signal))) return null;
  const query = { key: session.key, upload_id: session.uploadId };
  const listed = await server.extension(job.account, `/Parts/${job.projectId}`, query, signal);
  if (!Check(Parts, listed)) return null;
  return listed.map(({ PartNumber, ETag, Size }) => ({ number: PartNumber, etag: ETag, size: Size }));
}

/** Part numbers in one request: its address must not grow beyond what servers take. */
const atOnce = 500;

/** New URLs of these parts, by number. */
export async function resignParts(
  server: UploadServer,
  job: Target,
  session: Session,
  options: { parts: readonly number[]; seconds: number; signal: AbortSignal },
): Promise<ReadonlyMap<number, string> | null> {
  const { parts, seconds, signal } = options;
  if (session.kind !== 'parts' || !(await offers(server, job, ['part-resigning', 'sign-parts'], signal)))
    return null;
  const base = `${server.hostOf(job.account)}/`;
  const urls = new Map<number, string>();
  for (let from = 0; from < parts.length; from += atOnce) {
    const query = {
      ...{ key: session.key, upload_id: session.uploadId, expiration: seconds },
      parts: parts.slice(from, from + atOnce).join(','),
    };
    const signed = await server.extension(job.account, `/SignParts/${job.projectId}`, query, signal);
    if (!Check(Signed, signed)) return null;
    for (const [number, url] of Object.entries(signed.urls))
      urls.set(Number(number), new URL(url, base).href);
  }
  return urls;
}

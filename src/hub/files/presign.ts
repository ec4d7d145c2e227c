import type { MediaFiles } from '../db/schema.ts';
import type { UrlSigner } from '../objects/signing.ts';

/** How the files of a media are shown. */
export interface Presigning {
  signer: UrlSigner;
  origin: string;
  /** Second since the epoch at which the URLs end. */
  expires: number;
  /** Roles to sign; all when absent. */
  only?: readonly string[] | undefined;
}

/** URL with which the bytes of a key can be read. */
export function downloadUrl({ signer, origin, expires }: Presigning, key: string): string {
  return origin + signer.sign({ method: 'GET', key, expires });
}

/** Roles whose entries were checked to be the media's own (or a clone's); no other member is signed. */
const fileRoles: ReadonlySet<string> = new Set(
  'streaming archival audio image thumbnail thumbnail_gif attachment'.split(' '),
);

/** The same files with URLs in place of keys; what already is a URL stays. */
export function presignFiles(files: MediaFiles | null, presigning: Presigning): MediaFiles | null {
  if (!files) return files;
  const sign = (value: unknown): unknown =>
    typeof value === 'string' && value !== '' && !/^https?:\/\//i.test(value)
      ? downloadUrl(presigning, value)
      : value;
  const entries = Object.entries(files).map(([role, value]) => {
    const signs = fileRoles.has(role) && (presigning.only?.includes(role) ?? true);
    if (!Array.isArray(value) || !signs) return [role, value];
    return [role, value.map((entry: unknown) => signEntry(entry, sign))];
  });
  return Object.fromEntries(entries) as MediaFiles;
}

function signEntry(entry: unknown, sign: (value: unknown) => unknown): unknown {
  if (typeof entry !== 'object' || entry === null || !('path' in entry)) return entry;
  const signed: Record<string, unknown> = { ...entry, path: sign(entry.path) };
  if ('segment_info' in entry) signed['segment_info'] = sign(entry.segment_info);
  return signed;
}

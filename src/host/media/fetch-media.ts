import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { TidemarkError } from '../../contract/errors.ts';
import { fileToFetch, servedFiles } from '../../domain/served-files.ts';
import { syncFolder } from '../files.ts';
import type { ServerAccess } from '../server-calls.ts';
import { checkOf, type FileCheck } from './fetch-check.ts';
import { begunAnew, isFetch, sourceName, withFetch, withStage, type FetchRecord } from './fetch-record.ts';
import { arrivingName, receiveFile, type ReceiveContext } from './receive-file.ts';
import { mediaFolder, sourcePath } from './record.ts';

const ServerMedia = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  primary_section: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  media_files: Type.Unknown(),
});

export interface FetchContext extends ReceiveContext {
  server: ServerAccess;
  /** All bytes are here, and are compared now. */
  onChecking: (key: string) => void;
}

/** How often what arrived may differ from what the server says of it, before a person is asked. */
const mostSpoilt = 2;
/** Seconds that an address of a file is to be good for. */
const urlLifetime = 86_400;

/** One attempt to bring the media here, from where the last one stopped. Throws `TidemarkError` or the signal's reason. */
export async function fetchMedia(context: FetchContext, key: string, signal: AbortSignal): Promise<void> {
  const { library } = context;
  const record = library.get(key);
  if (!isFetch(record)) return;
  await takeBackName(context.root, record);
  const { mediaId, height = null } = record.fetchedFrom;
  const { account } = record.media;
  const { url, name, sectionId } = await addressOf(context.server, { account, mediaId, height }, signal);
  await library.update(key, (before) => ({
    ...before,
    source: { kind: 'copy', file: sourceName(url.pathname, name) },
    media: { ...before.media, name, sectionId },
  }));
  const total = await receiveFile(context, { key, url: url.href, signal });
  await accept(context, { key, total, signal });
}

/** An address that is good for a day, without a token. */
export async function addressOf(
  server: Pick<ServerAccess, 'call' | 'hostOf'>,
  { account, mediaId, height }: { account: string; mediaId: number; height: number | null },
  signal: AbortSignal,
): Promise<{ url: URL; name: string; sectionId: number | null }> {
  const args = { id: mediaId, presigned: urlLifetime };
  const answer = await server.call(account, 'get_media', args, { signal });
  if (!Check(ServerMedia, answer)) throw new TidemarkError('garbled-answer', { detail: 'get_media' });
  const file = fileToFetch(servedFiles(answer.media_files), height);
  if (file === null)
    throw new TidemarkError('not-found', { message: 'The server has no playable file of this media.' });
  const url = new URL(file.path, `${server.hostOf(account)}/`);
  return { url, name: answer.name, sectionId: answer.primary_section ?? null };
}

/** A kill may have come after the file got its name and before that was written down. */
async function takeBackName(root: string, record: FetchRecord): Promise<void> {
  const arriving = join(mediaFolder(root, record.media.key), arrivingName);
  const isThere = (path: string): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    );
  if (!(await isThere(arriving)) && (await isThere(sourcePath(root, record))))
    await rename(sourcePath(root, record), arriving);
}

/** Compares what is on the disk with what the server says; only then it gets its name. */
async function accept(
  { root, library, onChecking }: FetchContext,
  { key, total, signal }: { key: string; total: number; signal: AbortSignal },
): Promise<void> {
  onChecking(key);
  const folder = mediaFolder(root, key);
  const arriving = join(folder, arrivingName);
  const check = await checkOf(arriving, signal);
  const { fetchedFrom } = library.get(key);
  const digest = fetchedFrom?.digest ?? null;
  if (check.size !== total || (digest !== null && digest.md5 !== check.md5)) {
    await rm(arriving, { force: true });
    const spoilt = 1 + (fetchedFrom?.spoilt ?? 0);
    await library.update(key, (before) => begunAnew(before, { spoilt }));
    throw spoiltError(spoilt, check);
  }
  await rename(arriving, sourcePath(root, library.get(key)));
  await syncFolder(folder);
  await library.update(key, (before) => {
    const whole = { ...before, synced: total, media: { ...before.media, size: total } };
    return withStage(withFetch(whole, { check, spoilt: 0, paused: false }), { kind: 'queued' });
  });
}

function spoiltError(spoilt: number, { size, md5 }: FileCheck): TidemarkError {
  const detail = `received ${size} bytes with md5 ${md5}`;
  if (spoilt < mostSpoilt) return new TidemarkError('garbled-answer', { detail });
  const message = 'What arrives is not what the server says the file is; it was thrown away.';
  return new TidemarkError('file-damaged', { message, detail });
}

import { readFile } from 'node:fs/promises';
import type { TSchema, Static } from 'typebox';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { TidemarkError } from '../../contract/errors.ts';
import type { LocalMedia } from '../../contract/host-rpc.ts';
import type { ServerAccess } from '../server-calls.ts';
import type { UploadJob, UploadSession } from './journal.ts';
import { putHeaders, lifetimeOf, storeKindOf } from './store-kind.ts';

/**
 * The calls of an upload to the server, each parsed once. None of them decides about repeating; `uploader.ts`
 * does that from the journal.
 */

const UploadInfo = Type.Object({
  urls: Type.Array(Type.String(), { minItems: 1 }),
  key: Type.String(),
  upload_id: Type.String(),
});
const DownloadInfo = Type.Array(Type.Object({ key: Type.String(), url: Type.String() }), { minItems: 1 });
const StoredFile = Type.Object({ path: Type.String() });
const MediaFiles = Type.Object({
  streaming: Type.Optional(Type.Array(StoredFile)),
  image: Type.Optional(Type.Array(StoredFile)),
  thumbnail: Type.Optional(Type.Array(StoredFile)),
});
const ServerMedia = Type.Object({
  width: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  media_files: Type.Optional(Type.Union([MediaFiles, Type.Null()])),
});
const Transcodes = Type.Array(
  Type.Object({
    spec: Type.Optional(Type.Object({ media_id: Type.Optional(Type.Union([Type.Integer(), Type.Null()])) })),
    job: Type.Object({
      uid: Type.String(),
      status: Type.Optional(Type.String()),
      nodes: Type.Optional(Type.Array(Type.Unknown())),
      progress: Type.Optional(Type.Number()),
    }),
  }),
);

/** Signed URLs as long as the protocol allows: a week. */
export const longestLifetime = 604_800;

export type UploadServer = Pick<ServerAccess, 'call' | 'transfer' | 'hostOf' | 'extension'>;
type Target = Pick<UploadJob, 'account' | 'projectId' | 'mediaId'>;

export async function beginSession(
  server: UploadServer,
  job: Target,
  options: {
    filename: string;
    parts: number;
    partBytes: number;
    id: string;
    now: number;
    /** How long the URLs shall live, seconds. */
    seconds: number;
    signal: AbortSignal;
  },
): Promise<UploadSession> {
  const { filename, parts, partBytes, id, now, seconds, signal } = options;
  const args = {
    project: job.projectId,
    media_id: job.mediaId,
    num_parts: parts,
    filename,
    expiration: seconds,
  };
  const info = parse(
    UploadInfo,
    await server.call(job.account, 'get_upload_info', args, { signal }),
    'get_upload_info',
  );
  if (info.urls.length !== parts)
    throw new TidemarkError('garbled-answer', { detail: 'get_upload_info: urls' });
  const base = `${server.hostOf(job.account)}/`;
  const urls = info.urls.map((url) => new URL(url, base).href);
  return {
    id,
    key: info.key,
    uploadId: info.upload_id,
    urls,
    kind: storeKindOf(urls),
    partBytes,
    issuedAt: now,
    expiresAt: now + (lifetimeOf(urls[0] ?? base) ?? seconds * 1000),
  };
}

/** Bytes of the object under the key; null when there is none. */
export async function storedSize(
  server: UploadServer,
  job: Target,
  key: string,
  signal: AbortSignal,
): Promise<number | null> {
  const url = await downloadUrl(server, job, key, signal).catch((error: unknown) => {
    if (error instanceof TidemarkError && (error.code === 'rejected' || error.code === 'not-found'))
      return null;
    throw error;
  });
  if (url === null) return null;
  // A presigned GET does not answer HEAD on every store; one byte tells the size as well.
  const response = await server.transfer(url, { headers: { range: 'bytes=0-0' }, signal });
  await response.body?.cancel();
  if (response.status === 404) return null;
  if (response.status === 206) {
    return Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? NaN) || null;
  }
  if (response.status === 200) return Number(response.headers.get('content-length') ?? NaN) || null;
  if (response.status >= 500)
    throw new TidemarkError('server-busy', { status: response.status, detail: 'stored object' });
  return null;
}

async function downloadUrl(
  server: UploadServer,
  job: Target,
  key: string,
  signal: AbortSignal,
): Promise<string> {
  const args = { project: job.projectId, expiration: longestLifetime, body: { keys: [key] } };
  const reply = await server.call(job.account, 'get_download_info', args, { signal });
  const [info] = parse(DownloadInfo, reply, 'get_download_info');
  if (info === undefined) throw new TidemarkError('garbled-answer', { detail: 'get_download_info' });
  return new URL(info.url, `${server.hostOf(job.account)}/`).href;
}

export async function joinParts(
  server: UploadServer,
  job: Target,
  options: { session: UploadSession; parts: ReadonlyMap<number, string>; signal: AbortSignal },
): Promise<void> {
  const { session, parts, signal } = options;
  const list = [...parts].sort(([a], [b]) => a - b).map(([PartNumber, ETag]) => ({ ETag, PartNumber }));
  const body = { key: session.key, upload_id: session.uploadId, parts: list };
  await server.call(job.account, 'complete_upload', { project: job.projectId, body }, { signal });
}

/** How far the server is with the media's files. */
export type Conversion =
  | { kind: 'none' }
  | { kind: 'running'; fraction: number | null }
  | { kind: 'failed'; status: string }
  | { kind: 'done' };

export async function conversionOf(
  server: UploadServer,
  job: UploadJob,
  signal: AbortSignal,
): Promise<Conversion> {
  const found = await server.call(
    job.account,
    'get_transcode_list',
    { project: job.projectId, media_id: [job.mediaId] },
    { signal },
  );
  const transcodes = parse(Transcodes, found, 'get_transcode_list');
  const own = transcodes.filter(
    ({ spec, job: { uid } }) => uid === job.transcode.uid || spec?.media_id === job.mediaId,
  );
  const newest = own.at(-1);
  const status = newest?.job.status ?? '';
  if (/fail|error/i.test(status)) return { kind: 'failed', status };
  if (newest !== undefined && !/succe|complete/i.test(status)) {
    return { kind: 'running', fraction: newest.job.progress ?? null };
  }
  const files = await filesOf(server, job, signal);
  if ((files.streaming ?? []).length > 0) return { kind: 'done' };
  return newest === undefined ? { kind: 'none' } : { kind: 'running', fraction: null };
}

async function filesOf(
  server: UploadServer,
  job: Target,
  signal: AbortSignal,
): Promise<Static<typeof MediaFiles>> {
  const media = parse(
    ServerMedia,
    await server.call(job.account, 'get_media', { id: job.mediaId }, { signal }),
    'get_media',
  );
  return media.media_files ?? {};
}

export async function askForTranscode(
  server: UploadServer,
  job: UploadJob,
  options: { key: string; size: number; md5: string; signal: AbortSignal },
): Promise<void> {
  const { key, size, md5, signal } = options;
  const body = {
    type: job.typeId,
    ...job.transcode,
    url: await downloadUrl(server, job, key, signal),
    name: job.name,
    md5,
    size,
    media_id: job.mediaId,
    ...(job.sectionId === null ? {} : { section_id: job.sectionId }),
  };
  await server.call(job.account, 'transcode', { project: job.projectId, body }, { signal });
}

/** Tells the server an image's files and size. Each step looks first whether it was done before. */
export async function registerImage(
  server: UploadServer,
  job: UploadJob,
  options: {
    key: string;
    size: number;
    mime: string;
    media: LocalMedia;
    thumbnail: string | null;
    signal: AbortSignal;
  },
): Promise<void> {
  const { key, size, mime, media, thumbnail, signal } = options;
  const { width = 0, height = 0 } = media.probe ?? {};
  const files = await filesOf(server, job, signal);
  const tell = (role: string, body: Record<string, unknown>): Promise<unknown> =>
    server.call(job.account, 'create_image_file', { id: job.mediaId, role, body }, { signal });
  if ((files.image ?? []).length === 0) {
    await tell('image', { path: key, resolution: [height, width], size, mime });
  }
  if (thumbnail !== null && (files.thumbnail ?? []).length === 0) {
    const bytes = await readFile(thumbnail);
    const session = await beginSession(server, job, {
      ...{ filename: 'thumbnail.jpg', parts: 1, partBytes: bytes.length, id: 'thumbnail', now: 0, signal },
      seconds: longestLifetime,
    });
    const url = session.urls[0] ?? '';
    const response = await server.transfer(url, {
      method: 'PUT',
      headers: putHeaders(url, bytes.length),
      body: new Uint8Array(bytes),
      signal,
    });
    if (!response.ok)
      throw new TidemarkError('server-busy', { status: response.status, detail: 'thumbnail' });
    const scale = Math.min(1, 256 / Math.max(1, width, height));
    const resolution = [Math.max(1, Math.round(height * scale)), Math.max(1, Math.round(width * scale))];
    await tell('thumbnail', { path: session.key, resolution, size: bytes.length, mime: 'image/jpeg' });
  }
  await server.call(job.account, 'update_media', { id: job.mediaId, body: { width, height } }, { signal });
}

function parse<S extends TSchema>(schema: S, value: unknown, operation: string): Static<S> {
  if (!Check(schema, value)) throw new TidemarkError('garbled-answer', { detail: operation });
  return value;
}

import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { join } from 'node:path';
import { LocalMedia } from '../../contract/host-rpc.ts';
import type { MediaFile, MediaFileKind } from '../server/asset-handler.ts';
import { contentTypeOf } from '../server/file-response.ts';
import { readJson, writeDurably } from '../files.ts';
import { FileDigest } from './fetch-answer.ts';
import { FileCheck } from './fetch-check.ts';

/** Where a copy comes from, and how far it came. */
export const FetchedFrom = Type.Object({
  mediaId: Type.Integer(),
  /** Strong ETag of the file whose first `synced` bytes are here; without one it cannot be resumed. */
  etag: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  /** What the server says of the content of that file. */
  digest: Type.Optional(Type.Union([FileDigest, Type.Null()])),
  /** Pixels: the tallest of its files up to this one is taken; null: the tallest of all. */
  height: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  paused: Type.Optional(Type.Boolean()),
  /** Never removed to make room. */
  pinned: Type.Optional(Type.Boolean()),
  /** When it was last played; local ms. */
  usedAt: Type.Optional(Type.Number()),
  /** The file as it was found whole; null while it is not here, or not whole. */
  check: Type.Optional(Type.Union([FileCheck, Type.Null()])),
  /** How often in a row what had arrived was not what the server says of it. */
  spoilt: Type.Optional(Type.Integer()),
});
export type FetchedFrom = Static<typeof FetchedFrom>;

/** What the host knows of one local media: `media/<key>/media.json`. */
export const MediaRecord = Type.Object({
  media: LocalMedia,
  source: Type.Union([
    /** A copy in the media's folder. */
    Type.Object({ kind: Type.Literal('copy'), file: Type.String() }),
    /** The user's own file, used where it is. */
    Type.Object({ kind: Type.Literal('in-place'), path: Type.String() }),
  ]),
  /** The file's time of change at import, ms; with name and size it tells a repeated import. */
  lastModified: Type.Number(),
  /** Bytes that are known to be on disk while the copy arrives. */
  synced: Type.Number(),
  /** The server row that this copy is fetched from; null for the user's own files. */
  fetchedFrom: Type.Union([Type.Null(), FetchedFrom]),
});
export type MediaRecord = Static<typeof MediaRecord>;

export const recordName = 'media.json';
export const proxyName = 'proxy.mp4';
export const thumbnailName = 'thumbnail.jpg';
/** Frame times of the file that plays, and of the source. */
export const playFramesName = 'frames.tft';
export const sourceFramesName = 'source-frames.tft';

export function mediaFolder(root: string, key: string): string {
  return join(root, key);
}

export function sourcePath(root: string, record: MediaRecord): string {
  return record.source.kind === 'in-place'
    ? record.source.path
    : join(mediaFolder(root, record.media.key), record.source.file);
}

/** Null when there is none, or when it is not readable: a record is written as a whole or not at all. */
export async function readRecord(root: string, key: string): Promise<MediaRecord | null> {
  const value = await readJson(join(mediaFolder(root, key), recordName));
  if (!Check(MediaRecord, value)) return null;
  // Records of a time before the media itself told where it comes from.
  return { ...value, media: { ...value.media, fetchedFrom: value.fetchedFrom?.mediaId ?? null } };
}

export async function writeRecord(root: string, record: MediaRecord): Promise<void> {
  await writeDurably(join(mediaFolder(root, record.media.key), recordName), JSON.stringify(record, null, 2));
}

/** What a media of the server is called need not tell the format of the file that was fetched. */
function nameOfSource(root: string, record: MediaRecord): string {
  return record.fetchedFrom === null ? record.media.name : sourcePath(root, record);
}

/** The file that a page asked for, from the record alone; so any process that sees the folder can serve it. */
export function fileOfRecord(root: string, record: MediaRecord, kind: MediaFileKind): MediaFile | null {
  const folder = mediaFolder(root, record.media.key);
  const binary = 'application/octet-stream';
  const { plays, hasThumbnail, probe } = record.media;
  switch (kind) {
    case 'play':
      if (plays === 'proxy') return { path: join(folder, proxyName), contentType: 'video/mp4' };
      if (plays === 'nothing') return null;
      return { path: sourcePath(root, record), contentType: contentTypeOf(nameOfSource(root, record)) };
    case 'thumbnail':
      return hasThumbnail ? { path: join(folder, thumbnailName), contentType: 'image/jpeg' } : null;
    case 'frames':
      if (probe?.kind !== 'video' || plays === 'nothing') return null;
      return {
        path: join(folder, plays === 'proxy' ? playFramesName : sourceFramesName),
        contentType: binary,
      };
    case 'source-frames':
      return probe?.kind === 'video' ? { path: join(folder, sourceFramesName), contentType: binary } : null;
  }
}

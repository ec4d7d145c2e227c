import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { FaultSchema } from '../../contract/fault-schema.ts';
import { openAppendLog, type AppendLog } from '../append-log.ts';
import { readJson, writeDurably } from '../files.ts';
import { FileIdentity } from './file-identity.ts';

/**
 * What is known of an upload, on disk before each step that cannot be taken back.
 *
 *   new --> sending --> completing --> stored --> registering --> done
 *             |  ^          |
 *             '--'----------'  the store forgot the upload, or its URLs ran out: a new session
 */
export const UploadStep = Type.Union([
  Type.Object({ kind: Type.Literal('new') }),
  /** Parts go to the URLs; which of them arrived stands in the session's part log. */
  Type.Object({ kind: Type.Literal('sending'), session: Type.String() }),
  /** Joining was asked for; it may or may not have happened. */
  Type.Object({ kind: Type.Literal('completing'), session: Type.String() }),
  /** The object is whole on the server. */
  Type.Object({ kind: Type.Literal('stored'), key: Type.String() }),
  /** The transcode was asked for, or the image's files are being told; `askedAt` in ms. */
  Type.Object({ kind: Type.Literal('registering'), key: Type.String(), askedAt: Type.Number() }),
  Type.Object({ kind: Type.Literal('done') }),
]);
export type UploadStep = Static<typeof UploadStep>;

export const UploadJob = Type.Object({
  mediaKey: Type.String(),
  account: Type.String(),
  projectId: Type.Integer(),
  mediaId: Type.Integer(),
  typeId: Type.Integer(),
  sectionId: Type.Union([Type.Integer(), Type.Null()]),
  name: Type.String(),
  /** Null until the file was first read for sending. */
  identity: Type.Union([FileIdentity, Type.Null()]),
  /** Ids of the transcode, chosen before it is asked for, so that it can be looked up. */
  transcode: Type.Object({ gid: Type.String(), uid: Type.String() }),
  paused: Type.Boolean(),
  /** Bytes of the file, as the library told them. */
  size: Type.Optional(Type.Number()),
  /** Place among the uploads, lowest first; where it is absent, the order of the folder's listing. */
  order: Type.Optional(Type.Number()),
  failure: Type.Union([FaultSchema, Type.Null()]),
  /** Sessions that were given up without a single part arriving. */
  fruitless: Type.Integer(),
  step: UploadStep,
});
export type UploadJob = Static<typeof UploadJob>;

/** One upload as the store knows it. */
export const UploadSession = Type.Object({
  id: Type.String(),
  key: Type.String(),
  uploadId: Type.String(),
  urls: Type.Array(Type.String()),
  kind: Type.Enum(['parts', 'blocks', 'session', 'object']),
  partBytes: Type.Number(),
  /** ms, by our clock; the URLs live from `issuedAt` to `expiresAt`. */
  issuedAt: Type.Number(),
  expiresAt: Type.Number(),
});
export type UploadSession = Static<typeof UploadSession>;

const ArrivedPart = Type.Object({ part: Type.Integer(), etag: Type.String() });

/** Opened part log of a session: which parts arrived, with their ETags verbatim. */
export interface PartLog {
  arrived: Map<number, string>;
  add(part: number, etag: string): Promise<void>;
  close(): Promise<void>;
}

export interface Journal {
  load(): Promise<UploadJob[]>;
  save(job: UploadJob): Promise<void>;
  saveSession(mediaKey: string, session: UploadSession): Promise<void>;
  /** Null when it is missing or unreadable; then a new one is begun. */
  session(mediaKey: string, id: string): Promise<UploadSession | null>;
  openParts(mediaKey: string, session: string): Promise<PartLog>;
  /** Drops sessions and part logs; the job itself stays. */
  dropSessions(mediaKey: string): Promise<void>;
  remove(mediaKey: string): Promise<void>;
}

/** One folder an upload: `job.json`, `session-<id>.json`, `parts-<id>/`. Sessions hold signed URLs: mode 0600. */
export function openJournal(root: string): Journal {
  const folder = (mediaKey: string): string => join(root, mediaKey);
  return {
    load: async () => {
      const jobs = await Promise.all(
        (await readdir(root)).map((key) => readJson(join(folder(key), 'job.json'))),
      );
      return jobs.filter((job): job is UploadJob => Check(UploadJob, job));
    },
    save: async (job) => {
      await mkdir(folder(job.mediaKey), { recursive: true, mode: 0o700 });
      await writeDurably(join(folder(job.mediaKey), 'job.json'), JSON.stringify(job, null, 2));
    },
    saveSession: (mediaKey, session) =>
      writeDurably(join(folder(mediaKey), `session-${session.id}.json`), JSON.stringify(session), {
        mode: 0o600,
      }),
    session: async (mediaKey, id) => {
      const session = await readJson(join(folder(mediaKey), `session-${id}.json`));
      return Check(UploadSession, session) ? session : null;
    },
    openParts: async (mediaKey, session) =>
      partLog(await openAppendLog({ folder: join(folder(mediaKey), `parts-${session}`) })),
    dropSessions: async (mediaKey) => {
      for (const name of await readdir(folder(mediaKey))) {
        if (name !== 'job.json') await rm(join(folder(mediaKey), name), { recursive: true, force: true });
      }
    },
    remove: (mediaKey) => rm(folder(mediaKey), { recursive: true, force: true }),
  };
}

const allOfThem = 1_000_000;

async function partLog(log: AppendLog): Promise<PartLog> {
  const arrived = new Map<number, string>();
  for (const { body } of (await log.read(0, allOfThem)).entries) {
    const entry: unknown = JSON.parse(body);
    if (Check(ArrivedPart, entry)) arrived.set(entry.part, entry.etag);
  }
  return {
    arrived,
    add: async (part, etag) => {
      await log.append([JSON.stringify({ part, etag })]);
      arrived.set(part, etag);
    },
    close: () => log.close(),
  };
}

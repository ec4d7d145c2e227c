import { Dexie, type DexieOptions, type EntityTable, type Table } from 'dexie';
import type { Json } from '../base/json.ts';
import type { Fields } from '../domain/fields.ts';
import type { Project, ProjectCatalog } from '../domain/entity-types.ts';
import type { EntityKey, EntityKind, EntityRef, MediaKey } from '../domain/identity.ts';
import type { Attempt, Conflict, Edit } from '../sync/ports.ts';
import type { MediaItem } from './types.ts';

/**
 * Server truth, packed: at most `pageSize` rows of one media, version and kind. The head is what
 * queries read; the blob only when its digest is not parsed yet.
 */
export interface PageHead {
  /** `<media>|<version>|<kind>|<n>` */
  id: string;
  media: MediaKey;
  version: number;
  kind: EntityKind;
  n: number;
  /** Another one each time that the page is written. */
  digest: string;
  count: number;
  /** Of the prints of its rows; a number where each has one. */
  sum?: unknown;
}

export interface PageBlob {
  id: string;
  /** The rows as text, packed (`pack.ts`); of pages written before that, JSON of `ServerRow[]`. */
  json: string;
}

/** One entity inside an undoable step: its content before and after; null where it was not there. */
export interface JournalStep {
  ref: EntityRef;
  projectId: number;
  type: number;
  media: MediaKey;
  /** Of a change only the fields that changed. */
  before: Fields | null;
  after: Fields | null;
}

/** One undoable step of the user. */
export interface JournalEntry {
  /** The id of the command that made it. */
  id: string;
  media: MediaKey;
  /** Number of the command; the order of the history. */
  order: number;
  label: string;
  undone: boolean;
  steps: JournalStep[];
  /** Conflicts that this step settled; its undo lists them again. */
  settled: Conflict[];
}

/** A command that the database knows; compared with the flight recorder at start. */
export interface OpRecord {
  id: string;
  order: number;
  /** Its place in the recorder; null until the recorder has confirmed it. */
  seq: number | null;
  keys: EntityKey[];
}

export type MediaRecord = Omit<MediaItem, 'sync' | 'sectionKey'> & {
  /** Has a file in this device's cache. */
  local: boolean;
  /** Complete listings in a row that did not show it. */
  missing: number;
};

/** A project of the account; one that the server does not list any more is kept and hidden. */
export type ProjectRecord = Project & {
  /** ms; since when it is not listed. */
  hiddenSince?: number;
};

export interface CatalogRecord {
  projectId: number;
  catalog: ProjectCatalog;
}

/** A stored table of frame times (its bytes), of the source file or of the copy that plays. */
export interface FrameTableRecord {
  media: MediaKey;
  role: 'source' | 'playable';
  digest: string;
  bytes: Uint8Array;
}

export interface MetaRecord {
  /** `order`, `status`, `recovery`, `cursor:<name>`, `setting:<name>`. */
  name: string;
  value: Json;
}

export interface TidemarkDatabase extends Dexie {
  pageHeads: EntityTable<PageHead, 'id'>;
  pageBlobs: EntityTable<PageBlob, 'id'>;
  edits: EntityTable<Edit, 'key'>;
  attempts: EntityTable<Attempt, 'key'>;
  conflicts: EntityTable<Conflict, 'id'>;
  journal: EntityTable<JournalEntry, 'id'>;
  ops: EntityTable<OpRecord, 'id'>;
  media: EntityTable<MediaRecord, 'key'>;
  projects: EntityTable<ProjectRecord, 'id'>;
  catalogs: EntityTable<CatalogRecord, 'projectId'>;
  frameTables: Table<FrameTableRecord, [string, string]>;
  meta: EntityTable<MetaRecord, 'name'>;
}

/** Rows in a page; rewriting a page of this size costs about a millisecond. */
export const pageSize = 1000;

export function databaseName(accountId: string): string {
  return `tidemark-${accountId}`;
}

/**
 * The database of one account, not yet opened. Every transaction is strict: what it committed is
 * on the disk when its promise resolves.
 */
export function makeDatabase(accountId: string, options: DexieOptions = {}): TidemarkDatabase {
  const db = new Dexie(databaseName(accountId), {
    chromeTransactionDurability: 'strict',
    // Live queries read what is on the disk; a cache of their results would clone every one of them.
    cache: 'disabled',
    ...options,
  }) as TidemarkDatabase;
  db.version(1).stores({
    pageHeads: 'id, media',
    pageBlobs: 'id',
    edits: 'key, projectId, media, status.kind',
    attempts: 'key, state',
    conflicts: 'id, key, media, projectId',
    journal: 'id, [media+order]',
    ops: 'id, order',
    media: 'key, projectId',
    projects: 'id',
    catalogs: 'projectId',
    frameTables: '[media+role]',
    meta: 'name',
  });
  return db;
}

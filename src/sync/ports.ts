import type { Stop } from '../base/disposable.ts';
import type { Json } from '../base/json.ts';
import type { CatalogLists } from '../domain/catalog-fields.ts';
import type { Project, ProjectCatalog } from '../domain/entity-types.ts';
import type { Fields } from '../domain/fields.ts';
import type { MemberDebt } from '../domain/member-debt.ts';
import { mediaFields } from '../domain/media-fields.ts';
import type { CatalogKind, ElementalId, EntityKey, EntityRef, MediaKey } from '../domain/identity.ts';

/*
 * What the engine needs from the world, in its own words. `store` implements the storage side on
 * Dexie, `engine` the server side over the host's RPC; simulations bring their own.
 *
 * Three states (design decision 3):
 *
 *   page     server truth, packed            written by pull and by confirmed pushes
 *   overlay  one Edit per dirty entity       written by the user's edits, rebased by push and pull
 *   view     page + overlay                  what is on the screen
 */

/** One row as the server last told it: one mark of one entity. */
export interface ServerRow {
  ref: EntityRef;
  /** Server row id of this mark. */
  rowId: number;
  mark: number;
  /** Type id (localization, state or media type). */
  type: number;
  media: MediaKey;
  /** True on a tombstone. */
  deleted: boolean;
  fields: Fields;
  createdBy: number | null;
  modifiedBy: number | null;
  /** ISO 8601, UTC, as the server wrote it. */
  modifiedAt: string;
  /**
   * Of the bytes that told the row (`base/row-prints.ts`), where it came in a list and says all that those did:
   * whoever makes another row of it leaves this out.
   */
  print?: number;
}

/** The rows that are known of a media, and what the last audit has left of it. */
export interface KnownSet {
  /** Of the prints of the rows; null where one has none, and while something of the user waits there. */
  sum: number | null;
  /** Rows, tombstones included. */
  count: number;
  cursor: Json;
}

/** Which mark of which entity a row is. */
export type RowMark = Pick<ServerRow, 'ref' | 'rowId' | 'mark'>;

export type EditStatus =
  | { kind: 'pending' }
  /** The server refused it for good; kept until the user decides. */
  | { kind: 'parked'; reason: string; at: number }
  /** Refused for want of a permission; tried again by itself. */
  | { kind: 'waiting'; reason: string; at: number };

/** The user's unconfirmed work on one entity: one record in the overlay. */
export interface Edit {
  key: EntityKey;
  ref: EntityRef;
  projectId: number;
  type: number;
  media: MediaKey;
  /**
   * `create`: the entity shall exist with `changes` as its whole content (base null, or a tombstone
   * that is brought back); `edit`: `changes` over base; `delete`: it shall be gone.
   */
  op: 'create' | 'edit' | 'delete';
  /** Server truth that the user saw when this work began; null if the server never had it. */
  base: ServerRow | null;
  changes: Fields;
  /**
   * Number of the local command that changed it last; grows over the whole database and never
   * repeats. A reply confirms exactly the revision that was sent.
   */
  revision: number;
  /** An attempt may have reached the server although none is on record (after a recovery). */
  maybeSent: boolean;
  /** It was sent and then found absent: looked up once more before it is sent again. */
  sentBefore?: boolean;
  /**
   * Members that were taken out of the track, by a request of ours or by others, so that the server would not
   * delete them with it. They belong to it again if it is kept.
   */
  takenOut?: ElementalId[];
  /**
   * Of `changes`, the fields that are not the user's: a request of ours has hidden what others had put there. They
   * are sent before the rest, which may be refused.
   */
  putBack?: string[];
  status: EditStatus;
  /** Local times, ms. */
  createdAt: number;
  updatedAt: number;
}

/** The edit with these fields as those that are put back for others, as far as it still changes them. */
export function puttingBack({ putBack: _before, ...edit }: Edit, fields: readonly string[]): Edit {
  const putBack = [...new Set(fields)].filter((field) => field in edit.changes);
  return putBack.length === 0 ? edit : { ...edit, putBack };
}

/**
 * A request that is about to be, or was, sent for an edit. Written before sending; after a crash
 * every `sent` attempt is `in-doubt` and is looked up before anything is sent again.
 */
export interface Attempt {
  id: string;
  key: EntityKey;
  /** Revision of the edit whose content was sent. */
  revision: number;
  intent: 'create' | 'patch' | 'delete';
  /** Mark of the base that the request named; null for a create. */
  baseMark: number | null;
  sent: Fields;
  /** What of the edit waits for the next request, since this one only puts back what is others'. */
  left?: Fields;
  state: 'prepared' | 'sent' | 'in-doubt' | 'done';
  at: number;
  /** Of a create on a server that knows requests by keys: the request, and the place in it. */
  batch?: { key: string; at: number; size: number };
  /** Of a create in a catalog: the largest row id that was known of its kind when it was sent. */
  after?: number;
  /** Put back from the flight recorder after a lost database: what was sent is known all the same. */
  recorded?: true;
}

/** What was sent is known; after a lost database only where the flight recorder tells it. */
export function isSentKnown({ edit, attempt }: Pick<EntityState, 'edit' | 'attempt'>): boolean {
  return edit?.maybeSent !== true || attempt?.recorded === true;
}

/** Both sides changed one field; mine stays in force until the user chooses. */
export interface Conflict {
  id: string;
  key: EntityKey;
  ref: EntityRef;
  projectId: number;
  media: MediaKey;
  /** A key of `Fields`, or `$deleted` for delete against edit. */
  field: string;
  base: Json;
  mine: Json;
  theirs: Json;
  /** Who gave `base`, and when; absent where nobody had, and in conflicts of earlier versions. */
  baseBy?: number | null;
  baseAt?: string;
  theirsBy: number | null;
  theirsAt: string;
  /** Mark whose content `theirs` is. */
  theirsMark: number;
  /** Of `$deleted`: the entity as others had left it, where a request of ours has hidden some of that. */
  content?: Fields;
  at: number;
}

/** Counts that the status bar shows; they are the truth of the overlay, never an estimate. */
export interface OutboxCounts {
  unsynced: number;
  inDoubt: number;
  parked: number;
  conflicts: number;
}

export type Connection =
  | { kind: 'starting' }
  | { kind: 'offline'; reason: 'by-choice' | 'unreachable' | 'host-gone'; retryAt: number | null }
  | { kind: 'sign-in-needed' }
  | { kind: 'online' };

export interface SyncStatus {
  connection: Connection;
  activity: 'idle' | 'pushing' | 'pulling';
  /** ms, local; when push and pull last came to rest with nothing left to do. */
  lastSyncedAt: number | null;
  /** The newest problem that needs a person, as the catalogue's code and text. */
  problem: { code: string; message: string } | null;
}

/** Why a call to the server did not give an answer, reduced to what the engine decides by. */
export type Failure =
  | { kind: 'offline'; byChoice: boolean }
  /** It may or may not have been carried out. */
  | { kind: 'unknown-outcome'; message: string }
  | { kind: 'sign-in' }
  | { kind: 'throttled' }
  | { kind: 'stale-mark' }
  | { kind: 'not-found' }
  | { kind: 'forbidden'; message: string }
  | { kind: 'rejected'; message: string };

export type Answer<T> = { ok: true; value: T } | { ok: false; failure: Failure };

export interface MarkQuery {
  projectId: number;
  kind: 'localization' | 'state';
  /** Row id to read after (exclusive). */
  after?: number;
  /** ISO 8601 with Z: rows modified at or after. */
  modifiedSince?: string;
  mediaIds?: number[];
  elementalIds?: ElementalId[];
  version?: number;
  /** All marks, or the current ones only. Tombstones are always included. */
  allMarks: boolean;
  limit: number;
}

export interface CreateSpec {
  ref: EntityRef;
  type: number;
  mediaIds: number[];
  fields: Fields;
}

/** A media as the server lists it. */
export interface ServerMedia {
  key: MediaKey;
  serverId: number;
  projectId: number;
  type: number;
  kind: 'video' | 'image';
  name: string;
  sectionId: number | null;
  /** Pixels; 0 while the server does not know. */
  width: number;
  height: number;
  frameCount: number;
  fps: number;
  attributes: Record<string, Json>;
  /** The whole row as it was told. */
  raw: Json;
}

/** The reference of a media; it has no version. */
export function mediaRef(key: MediaKey): EntityRef {
  return { kind: 'media', version: 0, elementalId: key };
}

/** A media as a row. It has no marks; who changed it is not told. */
export function mediaRow(
  media: Pick<ServerMedia, 'key' | 'serverId' | 'type' | 'name' | 'sectionId' | 'attributes'>,
  { deleted }: { deleted: boolean } = { deleted: false },
): ServerRow {
  const { key, serverId, type } = media;
  return {
    ref: mediaRef(key),
    rowId: serverId,
    mark: 0,
    type,
    media: key,
    deleted,
    fields: mediaFields(media),
    createdBy: null,
    modifiedBy: null,
    modifiedAt: '',
  };
}

/** The server, as the engine sees it. Every call may be lost before or after it took effect. */
export interface ServerPort {
  readMarks(query: MarkQuery): Promise<Answer<ServerRow[]>>;
  /** As `readMarks`, without the rows where the list has this digest (`digestOf` in `base/row-prints.ts`). */
  readMarksUnless(query: MarkQuery, known: string | null): Promise<Answer<DigestedMarks>>;
  /**
   * Row ids in the order of the specs. All of one kind and project, at most 500. With a `key` (`keyed`)
   * the same request has an effect once, however often it is sent.
   */
  createAnnotations(projectId: number, specs: CreateSpec[], key?: string): Promise<Answer<number[]>>;
  /** The row after the change, as the server echoes it. */
  patchAnnotation(ref: EntityRef, baseMark: number, changes: Fields): Promise<Answer<ServerRow>>;
  /** Writes a tombstone; repeating it is harmless. */
  deleteAnnotation(ref: EntityRef): Promise<Answer<null>>;
  /**
   * Lets a state name the current rows of its members, where it names older ones; the new mark, or null
   * if it did already. Repeating it is harmless.
   */
  renewMembers(ref: EntityRef): Promise<Answer<ServerRow | null>>;

  readProjects(): Promise<Answer<Project[]>>;
  readCatalog(project: Project): Promise<Answer<ProjectCatalog>>;
  /** Medias by row id, after `after` (exclusive), at most `limit`. */
  readMedia(query: { projectId: number; after: number; limit: number }): Promise<Answer<ServerMedia[]>>;
  findMedia(projectId: number, elementalId: ElementalId): Promise<Answer<ServerMedia[]>>;
  /** Those of the medias that are there; at most 500. */
  readMediaByIds(projectId: number, serverIds: number[]): Promise<Answer<ServerMedia[]>>;
  /** Server id of the new media. Not repeatable without a `key`: look it up first. */
  createMedia(projectId: number, spec: MediaSpec, key?: string): Promise<Answer<number>>;
  /** Sets fields (`name`, `section_id`, `attributes.*`). Nothing is checked there: read before and after. */
  patchMedia(serverId: number, changes: Fields): Promise<Answer<null>>;

  /** The lists of these kinds in a project's catalog. */
  readCatalogLists(projectId: number, kinds: readonly CatalogKind[]): Promise<Answer<Partial<CatalogLists>>>;
  /** Server id. Not repeatable without a `key`. */
  createInCatalog(projectId: number, spec: CatalogSpec, key?: string): Promise<Answer<number>>;
  /** Sets fields; nothing is checked there. `whole`: the content after the change. */
  patchInCatalog(
    target: { kind: CatalogKind; serverId: number },
    changes: Fields,
    whole: Fields,
  ): Promise<Answer<null>>;
  /** For good, and at once; of a leaf with all that is below it. */
  deleteInCatalog(target: { kind: CatalogKind; serverId: number }): Promise<Answer<null>>;

  /**
   * What has changed in a project since the cursor was given, oldest first; without one, only where the feed is now.
   * Null where the server has no feed for this user, or has not given out the cursor.
   */
  readChanges(projectId: number, cursor: string | null): Promise<Answer<ChangePage | null>>;

  /** What it can do beyond a stock Tator. */
  readTraits(): Promise<Answer<ServerTraits>>;
}

/** An answer to `readMarks`, or only that it is the known one. */
export interface DigestedMarks {
  /** Of the list as the server sent it. */
  digest: string;
  /** Null where the digest is the known one. */
  rows: ServerRow[] | null;
}

/** Rows that one request of somebody has changed. */
export interface ServerChange {
  kind: 'media' | 'localization' | 'state' | 'leaf';
  /** Some of the rows are gone without a trace. */
  removed: boolean;
  elementalIds: ElementalId[];
  /** Server ids of the medias that the annotations lie on, or of those that have changed themselves. */
  mediaIds: number[];
  /** They are too many to be named. */
  unnamed: boolean;
}

export interface ChangePage {
  /** For the next page. */
  cursor: string;
  /** The feed does not go on from the cursor that was named (the server was restored from a backup). */
  reset: boolean;
  /** There are more changes already. */
  more: boolean;
  changes: ServerChange[];
}

/** What a server told about itself; a stock Tator has `stockTraits`. */
export interface ServerTraits {
  /** Attributes of medias take any text on every route. */
  storesAnyText: boolean;
  /** A refusal is about the request, never a way of saying that the server is unwell, and nothing was carried out. */
  exactRefusals: boolean;
  /** ms after which a create or a delete without an answer can no longer take effect. */
  lateFor: number;
  /** A create with a key is carried out once. */
  keyed: boolean;
  /** It tells what changes (`readChanges`). */
  feed: boolean;
}

/** Its proxy lets a request run for 20 minutes, and its 400 stands for everything. */
export const stockTraits: ServerTraits = {
  storesAnyText: false,
  exactRefusals: false,
  lateFor: 21 * 60_000,
  keyed: false,
  feed: false,
};

export interface MediaSpec {
  elementalId: ElementalId;
  type: number;
  sectionId: number | null;
  /** `name`, `md5`, `gid`, `uid`, `width`, `height`, `num_frames`, `fps`, `codec`, `attributes.*`. */
  fields: Fields;
}

export interface CatalogSpec {
  ref: EntityRef & { kind: CatalogKind };
  /** Type id of a leaf or a favorite, else 0. */
  type: number;
  /** `parent` of a leaf as a row id. */
  fields: Fields;
}

/** What is known of one entity; read and written as one. */
export interface EntityState {
  /** Server truth in the page; a tombstone stays in it. Of a media it is what was last listed of it. */
  row: ServerRow | null;
  edit: Edit | null;
  /** The one open request about the entity. */
  attempt: Attempt | null;
  conflicts: Conflict[];
}

/** Where an entity is kept. */
export interface Place {
  ref: EntityRef;
  media: MediaKey;
}

export type Cursors = Record<string, Json>;

/** What is to change of a state; what is absent stays. */
export type Revision = Partial<EntityState>;

/** Storage of the engine; each call is one transaction. */
export interface SyncStorage {
  /** All dirty entities of the project. */
  outbox(projectId: number): Promise<EntityState[]>;
  /** The dirty entities that are kept in one place: a media, or a project's catalog (`projectHome`). */
  outboxAt(home: MediaKey): Promise<EntityState[]>;
  /**
   * Reads the states of the places, asks `decide` (pure, synchronous) what is to change, and writes
   * it together with the cursors. Edits of the user cannot come between. A place that occurs twice
   * is an error.
   */
  revise(places: Place[], decide: (states: EntityState[]) => Revision[], cursors?: Cursors): Promise<void>;
  /**
   * Writes requests that are about to be sent into the flight recorder, so that a device that loses its
   * database in the meantime still knows the very request. Where the recorder has no room they are sent
   * all the same: they may be what makes room. Never rejects for that.
   */
  recordRequest(attempts: readonly Attempt[]): Promise<void>;
  /** Writes what tracks are owed into the flight recorder, on the same terms. */
  recordDebt(projectId: number, debt: MemberDebt): Promise<void>;
  /** After a start: what was sent by a process that is gone is in doubt. */
  doubtSentAttempts(): Promise<void>;
  /**
   * Whether exactly these rows of the media are known, in any order and to the last value, and nothing
   * of the user's waits there: then they tell nothing new but their prints, which are written down. Far cheaper
   * than to revise them. False where it cannot tell.
   */
  isKnown(media: MediaKey, kind: 'localization' | 'state', rows: readonly ServerRow[]): Promise<boolean>;
  /** What an audit of each of the medias needs to know beforehand, in one read; with the named cursors. */
  knownSets(
    places: readonly { media: MediaKey; cursor: string }[],
    kind: 'localization' | 'state',
  ): Promise<KnownSet[]>;
  /** Which rows of one media are known, tombstones included. */
  marksOf(media: MediaKey, kind: 'localization' | 'state'): Promise<RowMark[]>;

  /** The states of one media as the server has them, tombstones included. */
  statesOf(media: MediaKey): Promise<ServerRow[]>;

  cursor(name: string): Promise<Json>;
  setCursor(name: string, value: Json): Promise<void>;

  /** Medias of the project that the server has: key to server id. */
  mediaIds(projectId: number): Promise<Map<MediaKey, number>>;
  /**
   * Upserts medias as the server told them, as their rows; edits of them are the caller's to rebase.
   * `complete`: the list is all that the project has.
   */
  putServerMedia(projectId: number, medias: ServerMedia[], options: { complete: boolean }): Promise<void>;

  /** Of all projects that the device knows, those included that the server does not list any more. */
  projectIds(): Promise<number[]>;
  /** These are all projects that the user may see; what is there of others is kept, and hidden. */
  saveProjects(projects: Project[]): Promise<void>;
  saveCatalog(catalog: ProjectCatalog): Promise<void>;

  /** Replaces these lists of a catalog that is known. */
  saveCatalogLists(projectId: number, lists: Partial<CatalogLists>): Promise<void>;
  /** What a catalog is known to hold of a kind. */
  catalogRows(projectId: number, kind: CatalogKind): Promise<ServerRow[]>;
  /**
   * State types of the project that are known to leave the members of a state behind when it is deleted
   * (`delete_child_localizations` is false).
   */
  typesKeepingMembers(projectId: number): Promise<ReadonlySet<number>>;
  /** From now on the server's row of this id is the entity of the row's reference. */
  enterCatalogRow(projectId: number, row: ServerRow): Promise<void>;
  /**
   * What the user made in the version `from` (`localVersion`) is in the version `to` from now on, with the
   * history of it. Where there is work under both names, the newer one counts.
   */
  enterVersion(projectId: number, names: { from: number; to: number }): Promise<void>;

  saveStatus(status: SyncStatus): Promise<void>;
  /** Calls `next` after each command of the user, in this window or another. */
  onLocalEdit(next: () => void): Stop;
  /** Drops from the flight recorder what every server has confirmed. */
  releaseRecorder(): Promise<void>;
}

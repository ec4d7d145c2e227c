import type { Json } from '../base/json.ts';
import type { Stop } from '../base/disposable.ts';
import type { Fields } from '../domain/fields.ts';
import type { ProjectCatalog, Project } from '../domain/entity-types.ts';
import type { ElementalId, EntityKey, EntityRef, MediaKey } from '../domain/identity.ts';
import type { Attempt, Conflict, Edit, OutboxCounts, ServerRow, SyncStatus } from '../sync/ports.ts';

/** A value that changes; calls `next` with the present value soon, then with each later one. Fits Svelte's `$store`. */
export interface Live<T> {
  subscribe(next: (value: T) => void): Stop;
}

/** The flight recorder as the store needs it: resolves when the lines are fsynced. */
export interface Recorder {
  append(bodies: string[]): Promise<{ seq: number }>;
  read(
    after: number,
    limit: number,
  ): Promise<{ entries: { seq: number; body: string }[]; first: number; last: number }>;
  release(through: number): Promise<void>;
}

/** How an entity on the screen stands towards the server. */
export type EntitySync = 'synced' | 'unsynced' | 'in-doubt' | 'parked' | 'conflict';

/** An annotation as the user sees it: page + overlay. */
export interface Annotation {
  key: EntityKey;
  ref: EntityRef;
  type: number;
  media: MediaKey;
  fields: Fields;
  /** Server truth below the overlay, if any. */
  base: ServerRow | null;
  sync: EntitySync;
}

/** A catalog as the user sees it: what a server told, and his own work over that. */
export interface CatalogView extends ProjectCatalog {
  /** How what is not simply synced stands, by its key of entity. */
  sync: ReadonlyMap<EntityKey, EntitySync>;
}

export interface MediaItem {
  key: MediaKey;
  projectId: number;
  /** Null until the server has it. */
  serverId: number | null;
  type: number;
  kind: 'video' | 'image';
  name: string;
  sectionId: number | null;
  /** Of a section that no server has yet; `sectionId` is null then. */
  sectionKey: string | null;
  width: number;
  height: number;
  frameCount: number;
  /** Nominal; for display only. */
  fps: number;
  attributes: Record<string, Json>;
  /** Server truth of the media, as it was told; null until the server has it. */
  server: Json;
  addedAt: number;
  sync: EntitySync;
}

/** One change of one entity inside a command. */
export type Change =
  | { kind: 'create'; ref: EntityRef; type: number; media: MediaKey; fields: Fields }
  | { kind: 'change'; ref: EntityRef; fields: Fields }
  | { kind: 'delete'; ref: EntityRef };

/** What the user did, as one undoable step. */
export interface EditCommand {
  projectId: number;
  /** The media in whose history it stands. */
  media: MediaKey;
  /** A key of the strings table, e.g. `history.move`. */
  label: string;
  changes: Change[];
}

/** A project that the user may not see at present; all that the device has of it is kept. */
export interface HiddenProject {
  id: number;
  /** Empty where a lost database has taken it along. */
  name: string;
  /** ms; null where it is not known. */
  since: number | null;
  /** Changes that wait until the permission is back. */
  unsynced: number;
}

/** A step that settled conflicts of one media. */
export interface SettledStep {
  media: MediaKey;
  /** Of the step; for `undoStep`. */
  id: string;
  count: number;
}

/** A step of a history as it is shown. */
export interface HistoryStep {
  label: string;
  /** Number of the command; of two histories it tells which step is the newer one. */
  order: number;
}

export interface HistoryState {
  undo: HistoryStep | null;
  redo: HistoryStep | null;
}

export interface RecoveryReport {
  /** Entities whose unsynced work was put back from the flight recorder. */
  restored: { key: EntityKey; media: MediaKey }[];
  /** Edits that were only in the database and are now recorded as well. */
  rerecorded: number;
  at: number;
}

/**
 * The device database of one account as the UI uses it. Every promise of an edit resolves only
 * when both copies (IndexedDB and the flight recorder) are down; if either fails it rejects with
 * `StorageError` and nothing has changed.
 */
export interface AnnotationStore {
  readonly accountId: string;
  projects(): Live<Project[]>;
  /** Projects that the server does not list any more, and those of which only the user's work is known. */
  hiddenProjects(): Live<HiddenProject[]>;
  /** What the server told of the project, with the user's own work in it. */
  catalog(projectId: number): Live<CatalogView | null>;
  /** Keys of the versions in which this device has annotations. */
  versionsInUse(projectId: number): Live<ReadonlySet<ElementalId>>;
  mediaList(projectId: number): Live<MediaItem[]>;
  mediaItem(key: MediaKey): Live<MediaItem | null>;
  /** Visible annotations of a media in the given versions (all when empty). */
  annotations(media: MediaKey, versions: number[]): Live<Annotation[]>;

  apply(command: EditCommand): Promise<void>;
  undo(media: MediaKey): Promise<void>;
  /** Takes back this very step if it is the newest of its media; whether it was. */
  undoStep(media: MediaKey, id: string): Promise<boolean>;
  redo(media: MediaKey): Promise<void>;
  history(media: MediaKey): Live<HistoryState>;

  counts(): Live<OutboxCounts>;
  /** Written by the engine; `starting` when no engine has run yet. */
  status(): Live<SyncStatus>;
  outbox(): Live<Edit[]>;
  /** The requests whose answer was lost, one an entity. */
  doubts(): Live<Attempt[]>;
  conflicts(): Live<Conflict[]>;
  /** `mine` keeps my value over theirs, `theirs` takes theirs; both are one undoable step. */
  resolveConflict(id: string, choice: 'mine' | 'theirs'): Promise<void>;
  /** The same answer to several: one undoable step in each media. Those that are gone are passed over. */
  resolveConflicts(ids: readonly string[], choice: 'mine' | 'theirs'): Promise<SettledStep[]>;
  /** A parked edit, or one that waits for a permission, is tried again; a parked one is dropped (undoable). */
  retryParked(key: EntityKey): Promise<void>;
  discardParked(key: EntityKey): Promise<void>;
  /** What the last start had to repair; null if nothing. */
  recovery(): Live<RecoveryReport | null>;
  dismissRecovery(): Promise<void>;
  close(): void;
}

import type { Clock } from '../base/clock.ts';
import type { MakeId } from '../base/random.ts';
import type { ProjectCatalog, Project } from '../domain/entity-types.ts';
import { entityKey, type EntityKey, type MediaKey } from '../domain/identity.ts';
import type { Conflict, Edit, EntityState, OutboxCounts, Place, SyncStatus } from '../sync/ports.ts';
import { placesOf, planCommand, planReversal, type Plan, type PlanContext } from './commands.ts';
import { historyState, nextRedo, nextUndo } from './journal-table.ts';
import { forwardChanges, inverseChanges } from './journal.ts';
import { fromQuery } from './live.ts';
import { readMeta, writeMeta } from './meta.ts';
import { hiddenProjects, isHidden } from './hidden-projects.ts';
import type { Pages } from './pages.ts';
import { planDiscard, planRetry } from './parked.ts';
import { planResolution } from './resolution.ts';
import type { JournalEntry, TidemarkDatabase } from './schema.ts';
import { SeqNotes } from './seq-notes.ts';
import { writeTwice, type TwoCopies } from './two-copies.ts';
import type {
  Annotation,
  AnnotationStore,
  EditCommand,
  HiddenProject,
  HistoryState,
  Live,
  MediaItem,
  Recorder,
  RecoveryReport,
} from './types.ts';
import { countOutbox, Views } from './views.ts';

interface Parts {
  db: TidemarkDatabase;
  pages: Pages;
  recorder: Recorder;
  accountId: string;
  clock: Clock;
  makeId: MakeId;
}

const starting: SyncStatus = {
  connection: { kind: 'starting' },
  activity: 'idle',
  lastSyncedAt: null,
  problem: null,
};

/** The device database as the screens use it. */
export class DexieAnnotationStore implements AnnotationStore {
  readonly accountId: string;
  readonly #db: TidemarkDatabase;
  readonly #copies: TwoCopies;
  readonly #views: Views;
  readonly #clock: Clock;
  readonly #makeId: MakeId;
  /** Commands of this window follow each other, so that undo sees the step before it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ db, pages, recorder, accountId, clock, makeId }: Parts) {
    this.accountId = accountId;
    this.#db = db;
    this.#copies = { db, pages, recorder, notes: new SeqNotes(db, clock) };
    this.#views = new Views(db, pages);
    this.#clock = clock;
    this.#makeId = makeId;
  }

  projects(): Live<Project[]> {
    return fromQuery(async () =>
      (await this.#db.projects.orderBy('id').toArray()).filter((project) => !isHidden(project)),
    );
  }

  hiddenProjects(): Live<HiddenProject[]> {
    return fromQuery(() => hiddenProjects(this.#db));
  }

  catalog(projectId: number): Live<ProjectCatalog | null> {
    return fromQuery(async () => (await this.#db.catalogs.get(projectId))?.catalog ?? null);
  }

  mediaList(projectId: number): Live<MediaItem[]> {
    return fromQuery(async () => {
      const records = await this.#db.media.where('projectId').equals(projectId).toArray();
      const items = await this.#views.mediaItems(records);
      return items.sort((a, b) => b.addedAt - a.addedAt || a.name.localeCompare(b.name));
    });
  }

  mediaItem(key: MediaKey): Live<MediaItem | null> {
    return fromQuery(async () => {
      const record = await this.#db.media.get(key);
      return record === undefined ? null : ((await this.#views.mediaItems([record]))[0] ?? null);
    });
  }

  annotations(media: MediaKey, versions: number[]): Live<Annotation[]> {
    return fromQuery(() => this.#views.annotations(media, versions));
  }

  apply(command: EditCommand): Promise<void> {
    return this.#command(async () => ({
      places: placesOf(command.changes, command.media),
      plan: (states, context) => planCommand(command, states, context),
    }));
  }

  undo(media: MediaKey): Promise<void> {
    return this.#reverse('undo', () => nextUndo(this.#db, media));
  }

  redo(media: MediaKey): Promise<void> {
    return this.#reverse('redo', () => nextRedo(this.#db, media));
  }

  history(media: MediaKey): Live<HistoryState> {
    return fromQuery(() => historyState(this.#db, media));
  }

  counts(): Live<OutboxCounts> {
    return fromQuery(() => countOutbox(this.#db));
  }

  status(): Live<SyncStatus> {
    return fromQuery(async () => ((await readMeta(this.#db, 'status')) as SyncStatus | null) ?? starting);
  }

  outbox(): Live<Edit[]> {
    return fromQuery(async () => (await this.#db.edits.toArray()).sort((a, b) => a.createdAt - b.createdAt));
  }

  conflicts(): Live<Conflict[]> {
    return fromQuery(async () => (await this.#db.conflicts.toArray()).sort((a, b) => a.at - b.at));
  }

  resolveConflict(id: string, choice: 'mine' | 'theirs'): Promise<void> {
    return this.#command(async () => {
      const conflict = await this.#db.conflicts.get(id);
      if (conflict === undefined) return null;
      return this.#single(conflict, (state, context) => planResolution(conflict, choice, state, context));
    });
  }

  retryParked(key: EntityKey): Promise<void> {
    return this.#ofStopped(key, ['parked', 'waiting'], planRetry);
  }

  discardParked(key: EntityKey): Promise<void> {
    return this.#ofStopped(key, ['parked'], planDiscard);
  }

  recovery(): Live<RecoveryReport | null> {
    return fromQuery(async () => (await readMeta(this.#db, 'recovery')) as unknown as RecoveryReport | null);
  }

  dismissRecovery(): Promise<void> {
    return writeMeta(this.#db, 'recovery', null);
  }

  close(): void {
    this.#copies.notes.stop();
    this.#db.close();
  }

  #reverse(direction: 'undo' | 'redo', find: () => Promise<JournalEntry | undefined>): Promise<void> {
    return this.#command(async () => {
      const entry = await find();
      if (entry === undefined) return null;
      const changes = direction === 'undo' ? inverseChanges(entry) : forwardChanges(entry);
      const mediaOf = new Map(entry.steps.map((step) => [entityKey(step.ref), step.media]));
      const places = placesOf(changes, entry.media).map(({ ref, media }) => ({
        ref,
        media: mediaOf.get(entityKey(ref)) ?? media,
      }));
      return { places, plan: (states, context) => planReversal(entry, direction, states, context) };
    });
  }

  #ofStopped(
    key: EntityKey,
    kinds: Edit['status']['kind'][],
    plan: (edit: Edit, state: EntityState, context: PlanContext) => Plan,
  ): Promise<void> {
    return this.#command(async () => {
      const edit = await this.#db.edits.get(key);
      if (edit === undefined || !kinds.includes(edit.status.kind)) return null;
      return this.#single(edit, (state, context) => plan(edit, state, context));
    });
  }

  #single(place: Place, plan: (state: EntityState, context: PlanContext) => Plan): Task {
    const none: EntityState = { row: null, edit: null, attempt: null, conflicts: [] };
    return {
      places: [{ ref: place.ref, media: place.media }],
      plan: (states, context) => plan(states[0] ?? none, context),
    };
  }

  #command(read: () => Promise<Task | null>): Promise<void> {
    const run = this.#last.then(() =>
      writeTwice(this.#copies, read, { id: this.#makeId(), now: this.#clock.now() }),
    );
    this.#last = run.catch(() => undefined);
    return run;
  }
}

interface Task {
  places: Place[];
  plan: (states: EntityState[], context: PlanContext) => Plan;
}

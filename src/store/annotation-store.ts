import type { Clock } from '../base/clock.ts';
import type { MakeId } from '../base/random.ts';
import type { Project } from '../domain/entity-types.ts';
import { entityKey, type ElementalId, type EntityKey, type MediaKey } from '../domain/identity.ts';
import type { Attempt, Conflict, Edit, EntityState, OutboxCounts, Place, SyncStatus } from '../sync/ports.ts';
import { placesOf, planCommand, planReversal, type Plan, type PlanContext } from './commands.ts';
import { historyState, nextRedo, nextUndo } from './journal-table.ts';
import { forwardChanges, inverseChanges } from './journal.ts';
import { fromQuery } from './live.ts';
import { readMeta, writeMeta } from './meta.ts';
import { hiddenProjects, isHidden } from './hidden-projects.ts';
import { refuseLosing, versionsInUse } from './in-use.ts';
import { underPresentNames } from './local-version.ts';
import type { Pages } from './pages.ts';
import { planDiscard, planRetry } from './parked.ts';
import { oneStepEach, planResolutions } from './resolution.ts';
import type { JournalEntry, TidemarkDatabase } from './schema.ts';
import { SeqNotes } from './seq-notes.ts';
import { writeTwice, type TwoCopies } from './two-copies.ts';
import type {
  Annotation,
  AnnotationStore,
  CatalogView,
  EditCommand,
  HiddenProject,
  HistoryState,
  Live,
  MediaItem,
  Recorder,
  RecoveryReport,
  SettledStep,
} from './types.ts';
import { catalogView } from './catalog-view.ts';
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
    this.#copies = { db, pages, recorder, notes: new SeqNotes(db, clock), unanswered: [] };
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

  catalog(projectId: number): Live<CatalogView | null> {
    return fromQuery(() => catalogView(this.#db, projectId));
  }

  versionsInUse(projectId: number): Live<ReadonlySet<ElementalId>> {
    return fromQuery(async () => {
      const view = await catalogView(this.#db, projectId);
      return view === null ? new Set() : versionsInUse(this.#copies, view);
    });
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

  async apply(command: EditCommand): Promise<void> {
    await this.#command(async () => {
      const named = await underPresentNames(this.#db, command);
      await refuseLosing(this.#copies, named.projectId, named.changes);
      return {
        places: placesOf(named.changes, named.media),
        plan: (states, context) => planCommand(named, states, context),
      };
    });
  }

  async undo(media: MediaKey): Promise<void> {
    await this.#reverse('undo', () => nextUndo(this.#db, media));
  }

  async undoStep(media: MediaKey, id: string): Promise<boolean> {
    const reversed = await this.#reverse('undo', async () => {
      const entry = await nextUndo(this.#db, media);
      return entry?.id === id ? entry : undefined;
    });
    return reversed !== null;
  }

  async redo(media: MediaKey): Promise<void> {
    await this.#reverse('redo', () => nextRedo(this.#db, media));
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

  doubts(): Live<Attempt[]> {
    return fromQuery(() => this.#db.attempts.where('state').equals('in-doubt').toArray());
  }

  conflicts(): Live<Conflict[]> {
    return fromQuery(async () => (await this.#db.conflicts.toArray()).sort((a, b) => a.at - b.at));
  }

  async resolveConflict(id: string, choice: 'mine' | 'theirs'): Promise<void> {
    await this.resolveConflicts([id], choice);
  }

  async resolveConflicts(ids: readonly string[], choice: 'mine' | 'theirs'): Promise<SettledStep[]> {
    const known = (await this.#db.conflicts.bulkGet([...ids])).filter((one) => one !== undefined);
    const steps: SettledStep[] = [];
    for (const group of oneStepEach(known)) {
      const step = await this.#resolve(group, choice);
      if (step !== null) steps.push(step);
    }
    return steps;
  }

  async #resolve(group: Conflict[], choice: 'mine' | 'theirs'): Promise<SettledStep | null> {
    let count = 0;
    const id = await this.#command(async () => {
      // What was settled meanwhile, here or by the engine, is passed over.
      const left = (await this.#db.conflicts.bulkGet(group.map((one) => one.id))).filter(
        (one) => one !== undefined,
      );
      count = left.length;
      if (count === 0) return null;
      return {
        places: left.map(({ ref, media }) => ({ ref, media })),
        plan: (states, context) => planResolutions(left, choice, states, context),
      };
    });
    const media = group[0]?.media;
    return id === null || media === undefined ? null : { media, id, count };
  }

  retryParked(key: EntityKey): Promise<void> {
    return this.#ofStopped(key, ['parked', 'waiting'], planRetry);
  }

  discardParked(key: EntityKey): Promise<void> {
    return this.#ofStopped(key, ['parked'], planDiscard, async ({ projectId, op, base, ref }) => {
      if (op === 'create' && base === null)
        await refuseLosing(this.#copies, projectId, [{ kind: 'delete', ref }]);
    });
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

  #reverse(
    direction: 'undo' | 'redo',
    find: () => Promise<JournalEntry | undefined>,
  ): Promise<string | null> {
    return this.#command(async () => {
      const entry = await find();
      if (entry === undefined) return null;
      const changes = direction === 'undo' ? inverseChanges(entry) : forwardChanges(entry);
      await refuseLosing(this.#copies, entry.steps[0]?.projectId ?? 0, changes);
      const mediaOf = new Map(entry.steps.map((step) => [entityKey(step.ref), step.media]));
      const places = placesOf(changes, entry.media).map(({ ref, media }) => ({
        ref,
        media: mediaOf.get(entityKey(ref)) ?? media,
      }));
      return { places, plan: (states, context) => planReversal(entry, direction, states, context) };
    });
  }

  async #ofStopped(
    key: EntityKey,
    kinds: Edit['status']['kind'][],
    plan: (edit: Edit, state: EntityState, context: PlanContext) => Plan,
    check: (edit: Edit) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    await this.#command(async () => {
      const edit = await this.#db.edits.get(key);
      if (edit === undefined || !kinds.includes(edit.status.kind)) return null;
      await check(edit);
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

  /** The command's id; null where there was nothing to do. */
  #command(read: () => Promise<Task | null>): Promise<string | null> {
    const run = this.#last.then(async () => {
      const id = this.#makeId();
      return (await writeTwice(this.#copies, read, { id, now: this.#clock.now() })) ? id : null;
    });
    this.#last = run.catch(() => undefined);
    return run;
  }
}

interface Task {
  places: Place[];
  plan: (states: EntityState[], context: PlanContext) => Plan;
}

import type { Json } from '../../src/base/json.ts';
import type { MakeId } from '../../src/base/random.ts';
import type { Project } from '../../src/domain/entity-types.ts';
import { entityKey, type EntityKey, type MediaKey } from '../../src/domain/identity.ts';
import { planCommand, placesOf, planReversal, type Plan } from '../../src/store/commands.ts';
import { parseLine, encodeLine } from '../../src/store/recorder-lines.ts';
import { replay } from '../../src/store/replay.ts';
import type { JournalEntry } from '../../src/store/schema.ts';
import type { EditCommand } from '../../src/store/types.ts';
import type {
  Cursors,
  EntityState,
  Place,
  Revision,
  ServerMedia,
  ServerRow,
  SyncStatus,
  SyncStorage,
} from '../../src/sync/ports.ts';
import type { Faults } from './faults.ts';

interface Tables {
  states: Map<EntityKey, EntityState>;
  cursors: Map<string, Json>;
  media: Map<MediaKey, number>;
  projects: Project[];
  journal: JournalEntry[];
  ops: Set<string>;
  order: number;
}

function empty(): Tables {
  return {
    states: new Map(),
    cursors: new Map(),
    media: new Map(),
    projects: [],
    journal: [],
    ops: new Set(),
    order: 0,
  };
}

/**
 * A device: a database that can be lost whole (as Chromium does after a torn log), and the flight
 * recorder that cannot. The rules of the overlay, of recovery and of undo are the real ones.
 */
export class MemoryDevice implements SyncStorage {
  #tables = empty();
  readonly log: { seq: number; body: string }[] = [];
  readonly #faults: Faults;
  readonly #makeId: MakeId;
  status: SyncStatus | null = null;

  constructor(faults: Faults, makeId: MakeId) {
    this.#faults = faults;
    this.#makeId = makeId;
  }

  /** The process was killed; with `losingDatabase` its next start finds nothing. Then the real recovery. */
  restart({ losingDatabase }: { losingDatabase: boolean }): void {
    if (losingDatabase) {
      const { media } = this.#tables;
      this.#tables = empty();
      this.#tables.media = media;
    }
    const lines = this.log.flatMap(({ seq, body }) => {
      const line = parseLine(body);
      return line === null ? [] : [{ seq, line }];
    });
    const missing = replay(lines, this.#tables.ops);
    for (const [key, { edit, conflicts }] of missing.edits) {
      const state = this.#tables.states.get(key) ?? none();
      const attempt =
        edit === null
          ? null
          : {
              id: this.#makeId(),
              key,
              revision: edit.revision,
              intent: edit.op === 'edit' ? ('patch' as const) : edit.op,
              baseMark: edit.base?.mark ?? null,
              sent: edit.changes,
              state: 'in-doubt' as const,
              at: 0,
            };
      this.#tables.states.set(key, {
        ...state,
        edit: edit && { ...edit, maybeSent: true },
        attempt,
        conflicts,
      });
    }
    for (const change of missing.journal) this.#writeJournal(change);
    for (const { id } of missing.ops) this.#tables.ops.add(id);
    this.#tables.order = Math.max(this.#tables.order, missing.order);
  }

  // The user's side. Without an await inside: a command is done or it is not.

  apply(command: EditCommand, now: number): void {
    const places = placesOf(command.changes, command.media);
    this.#commit(
      planCommand(
        command,
        places.map((place) => this.state(place)),
        this.#context(now),
      ),
    );
  }

  undo(media: MediaKey, now: number): boolean {
    const entry = this.#tables.journal.filter((one) => one.media === media && !one.undone).at(-1);
    if (entry === undefined) return false;
    const states = entry.steps.map(({ ref }) => this.state({ ref, media }));
    this.#commit(planReversal(entry, 'undo', states, this.#context(now)));
    return true;
  }

  state({ ref }: Place | Pick<Place, 'ref'>): EntityState {
    return this.#tables.states.get(entityKey(ref)) ?? none();
  }

  all(): EntityState[] {
    return [...this.#tables.states.values()];
  }

  /** The user's answers: every conflict is decided, for mine or for theirs. */
  dropConflicts(
    choose: () => 'mine' | 'theirs',
    plan: (
      state: EntityState,
      choice: 'mine' | 'theirs',
      context: { id: string; order: number; now: number },
    ) => Plan,
    now: number,
  ): number {
    let count = 0;
    for (const state of this.all()) {
      if (state.conflicts.length === 0) continue;
      count += 1;
      this.#commit(plan(state, choose(), this.#context(now)));
    }
    return count;
  }

  addMedia(key: MediaKey, serverId: number): void {
    this.#tables.media.set(key, serverId);
  }

  #context(now: number) {
    return { id: this.#makeId(), order: this.#tables.order + 1, now };
  }

  #commit(plan: Plan): void {
    for (const { place, revision } of plan.rewrites) this.#put(place, revision);
    this.#tables.ops.add(plan.op.id);
    this.#tables.order = plan.op.order;
    this.#writeJournal(plan.journal);
    this.log.push({ seq: this.log.length + 1, body: encodeLine(plan.line) });
  }

  #writeJournal(change: Plan['journal']): void {
    if (change.kind === 'none') return;
    const { journal } = this.#tables;
    if (change.kind === 'add') {
      this.#tables.journal = [...journal.filter(({ undone }) => !undone), structuredClone(change.entry)];
      return;
    }
    this.#tables.journal = journal.map((entry) =>
      entry.id === change.id ? { ...entry, undone: change.kind === 'undo' } : entry,
    );
  }

  #put({ ref }: Place, revision: Revision): void {
    this.#tables.states.set(entityKey(ref), structuredClone({ ...this.state({ ref }), ...revision }));
  }

  // The engine's side. A crash may come before or after each commit.

  async outbox(projectId: number): Promise<EntityState[]> {
    await this.#faults.step('read');
    return this.all()
      .filter(({ edit }) => edit?.projectId === projectId)
      .map((state) => structuredClone(state));
  }

  async revise(
    places: Place[],
    decide: (states: EntityState[]) => Revision[],
    cursors: Cursors = {},
  ): Promise<void> {
    await this.#faults.step('before-commit');
    if (new Set(places.map(({ ref }) => entityKey(ref))).size !== places.length)
      throw new Error('a place twice');
    const revisions = decide(places.map((place) => structuredClone(this.state(place))));
    places.forEach((place, i) => this.#put(place, revisions[i] ?? {}));
    for (const [name, value] of Object.entries(cursors)) this.#tables.cursors.set(name, value);
    await this.#faults.step('after-commit');
  }

  async doubtSentAttempts(): Promise<void> {
    for (const [key, state] of this.#tables.states) {
      if (state.attempt === null) continue;
      this.#tables.states.set(key, { ...state, attempt: { ...state.attempt, state: 'in-doubt' } });
    }
    await this.#faults.step('after-commit');
  }

  async rowsOf(media: MediaKey, kind: 'localization' | 'state'): Promise<ServerRow[]> {
    return this.all().flatMap(({ row }) =>
      row !== null && row.media === media && row.ref.kind === kind ? [row] : [],
    );
  }

  async cursor(name: string): Promise<Json> {
    return this.#tables.cursors.get(name) ?? null;
  }

  async setCursor(name: string, value: Json): Promise<void> {
    this.#tables.cursors.set(name, value);
  }

  async mediaIds(): Promise<Map<MediaKey, number>> {
    return new Map(this.#tables.media);
  }

  async putServerMedia(_projectId: number, medias: ServerMedia[]): Promise<void> {
    for (const { key, serverId } of medias) this.#tables.media.set(key, serverId);
  }

  async confirmMedia(key: MediaKey, { serverId }: ServerMedia): Promise<void> {
    this.#tables.media.set(key, serverId);
    this.#put(
      { ref: { kind: 'media', version: 0, elementalId: key }, media: key },
      { edit: null, attempt: null },
    );
    await this.#faults.step('after-commit');
  }

  async projectIds(): Promise<number[]> {
    return this.#tables.projects.map(({ id }) => id);
  }

  async saveProjects(projects: Project[]): Promise<void> {
    this.#tables.projects = projects;
  }

  async saveCatalog(): Promise<void> {}

  async saveStatus(status: SyncStatus): Promise<void> {
    this.status = status;
  }

  onLocalEdit(): () => void {
    return () => undefined;
  }

  async releaseRecorder(): Promise<void> {}
}

function none(): EntityState {
  return { row: null, edit: null, attempt: null, conflicts: [] };
}

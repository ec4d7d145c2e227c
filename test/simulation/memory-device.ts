import { sameJson, type Json } from '../../src/base/json.ts';
import { sumOfPrints } from '../../src/base/row-prints.ts';
import type { MakeId } from '../../src/base/random.ts';
import type { Project, ProjectCatalog, StateType } from '../../src/domain/entity-types.ts';
import { debtCursor, parseDebt, type MemberDebt } from '../../src/domain/member-debt.ts';
import { keepingMembers } from '../../src/domain/member-set.ts';
import { entityKey, mediaOfKey, type EntityKey, type MediaKey } from '../../src/domain/identity.ts';
import { underPresentKeys, type VersionNames } from '../../src/store/local-version.ts';
import { isUsersWork } from '../../src/store/overlay.ts';
import {
  placesOf,
  planCommand,
  planReversal,
  type Plan,
  type PlanContext,
} from '../../src/store/commands.ts';
import { planDiscard, planRetry } from '../../src/store/parked.ts';
import type { RecorderLine } from '../../src/store/recorder-lines.ts';
import {
  askedBy,
  askedLine,
  mediaCreates,
  releasable,
  reopened,
  replay,
  requestsAbout,
  snapshotLines,
  type Asked,
  type LoggedLine,
} from '../../src/store/replay.ts';
import { planResolution } from '../../src/store/resolution.ts';
import type { JournalEntry, OpRecord } from '../../src/store/schema.ts';
import type { EditCommand } from '../../src/store/types.ts';
import {
  mediaRef,
  mediaRow,
  type Attempt,
  type Conflict,
  type Cursors,
  type Edit,
  type EntityState,
  type Place,
  type Revision,
  type ServerMedia,
  type ServerRow,
  type SyncStorage,
  type KnownSet,
} from '../../src/sync/ports.ts';
import type { Fate, SimulatedDevice, States } from './device.ts';
import { DiskFull, type Life } from './faults.ts';
import { isKept } from './recorder-in-memory.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Tables {
  states: Map<EntityKey, EntityState>;
  cursors: Map<string, Json>;
  /** As the server last listed them. */
  media: Map<MediaKey, ServerMedia>;
  projects: Project[];
  stateTypes: StateType[];
  journal: JournalEntry[];
  ops: Map<string, OpRecord>;
  order: number;
  /** Commands whose abort lines are still to be written. */
  refused: string[];
  /** Up to where the log's lines may be dropped. */
  released: number;
}

function emptyTables(): Tables {
  return {
    states: new Map(),
    cursors: new Map(),
    media: new Map(),
    projects: [],
    stateTypes: [],
    journal: [],
    ops: new Map(),
    order: 0,
    refused: [],
    released: 0,
  };
}

const none: EntityState = { row: null, edit: null, attempt: null, conflicts: [] };

export interface MemoryDeviceOptions {
  time: VirtualTime;
  makeId: MakeId;
  /** Freezes what is stored, so that whoever changes it in place is caught. */
  frozen?: boolean;
}

/**
 * A device whose database is in memory: it can be lost whole (as Chromium does after a torn log),
 * while the flight recorder cannot. The rules of the overlay, of recovery and of undo are the real
 * ones. Nothing is copied: what is stored is never changed in place.
 */
export class MemoryDevice implements SimulatedDevice {
  tables = emptyTables();
  #log: LoggedLine[] = [];
  #seq = 0;
  /** The media files of this device with the edits that make them on the server; the host keeps them. */
  readonly #own = new Map<MediaKey, Edit>();
  readonly #options: MemoryDeviceOptions;

  constructor(options: MemoryDeviceOptions) {
    this.#options = options;
  }

  storage(life: Life): SyncStorage {
    return new MemoryStorage(this, life, this.#options.time);
  }

  states(): States {
    return this.tables.states;
  }

  medias(): ReadonlySet<MediaKey> {
    return new Set(this.tables.media.keys());
  }

  state({ ref }: Pick<Place, 'ref'>): EntityState {
    return this.tables.states.get(entityKey(ref)) ?? none;
  }

  /** The row of a media is what was listed of it. */
  putMedia(media: ServerMedia): void {
    this.tables.media.set(media.key, media);
    this.put({ ref: mediaRef(media.key) }, { row: mediaRow(media) });
  }

  put({ ref }: Pick<Place, 'ref'>, revision: Revision): void {
    const next = { ...this.state({ ref }), ...revision };
    this.tables.states.set(entityKey(ref), this.#options.frozen === true ? deepFreeze(next) : next);
  }

  // The user's side. Without an await inside: a command is done or it is not.

  async apply(command: EditCommand, now: number, fate: Fate): Promise<boolean> {
    const states = placesOf(command.changes, command.media).map((place) => this.state(place));
    return this.#commit(planCommand(command, states, this.#context(now)), fate);
  }

  async undo(media: MediaKey, now: number): Promise<JournalEntry | null> {
    const entry = this.tables.journal.findLast((one) => one.media === media && !one.undone);
    if (entry === undefined) return null;
    const states = entry.steps.map((step) => this.state(step));
    this.#commit(planReversal(entry, 'undo', states, this.#context(now)));
    return entry;
  }

  async resolve(conflict: Conflict, choice: 'mine' | 'theirs', now: number): Promise<void> {
    this.#commit(planResolution(conflict, choice, this.state(conflict), this.#context(now)));
  }

  async retryParked(edit: Edit, now: number): Promise<void> {
    this.#commit(planRetry(edit, this.state(edit), this.#context(now)));
  }

  async discardParked(edit: Edit, now: number): Promise<void> {
    this.#commit(planDiscard(edit, this.state(edit), this.#context(now)));
  }

  async addMedia(edit: Edit): Promise<void> {
    this.#own.set(edit.media, edit);
    this.put(edit, { edit });
  }

  async restart({ losingDatabase, now }: { losingDatabase: boolean; now: number }): Promise<void> {
    if (losingDatabase) {
      this.#tellRefused();
      this.tables = emptyTables();
    }
    const lines = this.#log.filter(({ seq }) => seq > this.tables.released);
    const missing = replay(lines, new Set(this.tables.ops.keys()), this.tables.refused);
    this.#tellRefused();
    for (const [key, entry] of missing.edits)
      this.#putBack(key, { ...entry, recorded: requestsAbout(missing.requests, key), now });
    for (const change of missing.journal) this.#writeJournal(change);
    for (const op of missing.ops) this.tables.ops.set(op.id, op);
    if (losingDatabase)
      for (const [projectId, debt] of missing.debts) this.tables.cursors.set(debtCursor(projectId), debt);
    this.tables.order = Math.max(this.tables.order, missing.order);
    this.#recordAgain(missing.recorded);
    const creates = new Map(
      losingDatabase ? mediaCreates(missing.requests).map((attempt) => [attempt.key, attempt]) : [],
    );
    for (const edit of this.#own.values())
      if (!this.tables.states.has(edit.key)) this.put(edit, { edit, attempt: creates.get(edit.key) ?? null });
  }

  record(line: RecorderLine): number {
    this.#log.push({ seq: (this.#seq += 1), line });
    return this.#seq;
  }

  release(): void {
    const ops = [...this.tables.ops.values()];
    const states = [...this.tables.states];
    const dirty = states.flatMap(([key, { edit }]) => (edit === null ? [] : [key]));
    const asked = states.flatMap(([key, { conflicts }]) => (conflicts.length === 0 ? [] : [key]));
    const through = releasable(underPresentKeys(ops, dirty), new Set([...dirty, ...asked]));
    if (through === null) return;
    for (const { id: projectId } of this.tables.projects) {
      const debt = parseDebt(this.tables.cursors.get(debtCursor(projectId)) ?? null);
      if (Object.keys(debt).length > 0) this.record({ v: 1, kind: 'debt', projectId, debt });
    }
    const creates = [...this.tables.states].flatMap(([key, { attempt }]) =>
      attempt?.intent === 'create' && mediaOfKey(key) !== null ? [attempt] : [],
    );
    if (creates.length > 0) this.record({ v: 1, kind: 'request', attempts: creates });
    this.#log = this.#log.filter(({ seq }) => isKept(seq, through));
    this.tables.released = through;
    for (const { id, seq } of ops) if (seq !== null && seq <= through) this.tables.ops.delete(id);
  }

  recordAsked(edits: Asked[]): void {
    const { order } = this.tables;
    const line = askedLine(this.#options.makeId(), order, edits);
    const seq = this.record(line);
    this.tables.ops.set(line.op, { id: line.op, order, seq, keys: edits.map(({ key }) => key) });
  }

  /** Moves the user's work of a version under another number. */
  moveVersion(projectId: number, { from, to }: VersionNames): void {
    for (const [key, state] of [...this.tables.states]) {
      const { edit, attempt } = state;
      if (edit?.projectId !== projectId || edit.ref.version !== from) continue;
      const ref = { ...edit.ref, version: to };
      const moved = entityKey(ref);
      this.tables.states.delete(key);
      if ((this.state({ ref }).edit?.revision ?? -1) >= edit.revision) continue;
      this.put(
        { ref },
        {
          edit: { ...edit, ref, key: moved },
          attempt: attempt === null ? null : { ...attempt, key: moved },
        },
      );
    }
    this.tables.journal = this.tables.journal.map((entry) => ({
      ...entry,
      steps: entry.steps.map((step) =>
        step.ref.version === from ? { ...step, ref: { ...step.ref, version: to } } : step,
      ),
    }));
  }

  #context(now: number): PlanContext {
    return { id: this.#options.makeId(), order: this.tables.order + 1, now };
  }

  #tellRefused(): void {
    for (const op of this.tables.refused) this.record({ v: 1, kind: 'abort', op });
    this.tables.refused = [];
  }

  #commit(plan: Plan, fate: Fate = 'saved'): boolean {
    this.#tellRefused();
    if (fate === 'unheard') {
      this.record(plan.line);
      this.tables.refused = [plan.op.id];
      this.tables.order = plan.op.order;
      return false;
    }
    if (fate === 'refused') {
      // The database had no room; the line is down already and is taken back by another.
      this.record(plan.line);
      this.record({ v: 1, kind: 'abort', op: plan.op.id });
      return false;
    }
    const seq = fate === 'saved' || fate === 'torn-recorder' ? this.record(plan.line) : null;
    if (fate !== 'saved' && fate !== 'torn-database') return true;
    for (const { place, revision } of plan.rewrites) this.put(place, revision);
    this.tables.ops.set(plan.op.id, { ...plan.op, seq });
    this.tables.order = plan.op.order;
    this.#writeJournal(plan.journal);
    return true;
  }

  #writeJournal(change: Plan['journal']): void {
    if (change.kind === 'none') return;
    const { journal } = this.tables;
    if (change.kind === 'add') {
      const kept = journal.filter(({ undone, media }) => !undone || media !== change.entry.media);
      this.tables.journal = [...kept.filter(({ id }) => id !== change.entry.id), change.entry];
      return;
    }
    this.tables.journal = journal.map((entry) =>
      entry.id === change.id ? { ...entry, undone: change.kind === 'undo' } : entry,
    );
  }

  #putBack(
    key: EntityKey,
    {
      edit,
      conflicts,
      attempt: under,
      recorded,
      now,
    }: {
      edit: Edit | null;
      conflicts: Conflict[];
      attempt?: Attempt;
      recorded: ReturnType<typeof requestsAbout>;
      now: number;
    },
  ): void {
    const state = this.tables.states.get(key) ?? none;
    if (edit === null) {
      this.tables.states.set(key, { ...state, edit: null, conflicts });
      return;
    }
    const known = { open: state.attempt ?? undefined, recorded, under };
    const put = reopened(edit, known, { id: this.#options.makeId(), now });
    this.tables.states.set(key, { ...state, ...put, conflicts });
  }

  /** What only the database has is recorded, so that the next loss of it does no harm. */
  #recordAgain(recorded: Map<EntityKey, number>): void {
    const behind = [...this.tables.states.values()].flatMap(({ edit, conflicts, attempt }) =>
      edit !== null && isUsersWork(edit) && recorded.get(edit.key) !== edit.revision
        ? [{ edit, conflicts, attempt: attempt ?? undefined }]
        : [],
    );
    const { makeId } = this.#options;
    const { order } = this.tables;
    for (const line of snapshotLines(behind, { makeId, order, size: 200 })) {
      const seq = this.record(line);
      if (line.kind !== 'edit') continue;
      this.tables.ops.set(line.op, { id: line.op, order, seq, keys: line.edits.map(({ key }) => key) });
    }
  }
}

/** The engine's side in one life. The process may die, or the disk be full, at each call. */
class MemoryStorage implements SyncStorage {
  readonly #device: MemoryDevice;
  readonly #life: Life;
  readonly #time: VirtualTime;

  constructor(device: MemoryDevice, life: Life, time: VirtualTime) {
    this.#device = device;
    this.#life = life;
    this.#time = time;
  }

  async outbox(projectId: number): Promise<EntityState[]> {
    await this.#read();
    const states: EntityState[] = [];
    for (const state of this.#device.tables.states.values())
      if (state.edit?.projectId === projectId) states.push(state);
    return states;
  }

  async revise(
    places: Place[],
    decide: (states: EntityState[]) => Revision[],
    cursors: Cursors = {},
  ): Promise<void> {
    await this.#write();
    const device = this.#device;
    const states = places.map((place) => device.state(place));
    const revisions = decide(states);
    const confirmed: { key: EntityKey; revision: number }[] = [];
    const asked: Asked[] = [];
    places.forEach((place, i) => {
      const revision = revisions[i] ?? {};
      const before = states[i]?.edit ?? null;
      device.put(place, place.ref.kind === 'media' ? withoutRow(revision) : revision);
      if (before !== null && revision.edit === null && isUsersWork(before)) confirmed.push(before);
      const one = askedBy(states[i] ?? none, revision, entityKey(place.ref));
      if (one !== null) asked.push(one);
    });
    for (const [name, value] of Object.entries(cursors)) device.tables.cursors.set(name, value);
    if (confirmed.length > 0) {
      const edits = confirmed.map(({ key, revision }) => ({ key, revision }));
      device.record({ v: 1, kind: 'confirmed', edits });
    }
    if (asked.length > 0) device.recordAsked(asked);
    this.#life.step();
  }

  async recordRequest(attempts: readonly Attempt[]): Promise<void> {
    try {
      await this.#write();
    } catch (error) {
      if (error instanceof DiskFull) return;
      throw error;
    }
    this.#device.record({ v: 1, kind: 'request', attempts });
    this.#life.step();
  }

  async recordDebt(projectId: number, debt: MemberDebt): Promise<void> {
    try {
      await this.#write();
    } catch (error) {
      if (error instanceof DiskFull) return;
      throw error;
    }
    this.#device.record({ v: 1, kind: 'debt', projectId, debt });
    this.#life.step();
  }

  async doubtSentAttempts(): Promise<void> {
    await this.#write();
    const { states } = this.#device.tables;
    for (const [key, state] of states) {
      const { attempt } = state;
      if (attempt !== null) states.set(key, { ...state, attempt: { ...attempt, state: 'in-doubt' } });
    }
    this.#life.step();
  }

  async isKnown(
    media: MediaKey,
    kind: 'localization' | 'state',
    rows: readonly ServerRow[],
  ): Promise<boolean> {
    await this.#write();
    const states = [...this.#device.tables.states.values()];
    if (states.some((state) => isWaitingAt(state, media))) return false;
    const known = states.flatMap(({ row }) => (row?.media === media && row.ref.kind === kind ? [row] : []));
    const left = new Map(known.map((row) => [entityKey(row.ref), withoutPrint(row)]));
    const isAll =
      known.length === rows.length &&
      rows.every(
        (row) => sameJson(left.get(entityKey(row.ref)), withoutPrint(row)) && left.delete(entityKey(row.ref)),
      );
    if (!isAll) return false;
    for (const row of rows) if (row.print !== undefined) this.#device.put(row, { row });
    this.#life.step();
    return true;
  }

  async knownSets(
    places: readonly { media: MediaKey; cursor: string }[],
    kind: 'localization' | 'state',
  ): Promise<KnownSet[]> {
    await this.#read();
    const states = [...this.#device.tables.states.values()];
    return places.map(({ media, cursor }) => {
      const rows = states.flatMap(({ row }) => (row?.media === media && row.ref.kind === kind ? [row] : []));
      const isWaiting = states.some((state) => isWaitingAt(state, media));
      return {
        sum: isWaiting ? null : sumOfPrints(rows.map(({ print }) => print)),
        count: rows.length,
        cursor: this.#device.tables.cursors.get(cursor) ?? null,
      };
    });
  }

  async marksOf(media: MediaKey, kind: 'localization' | 'state'): Promise<ServerRow[]> {
    await this.#read();
    const rows: ServerRow[] = [];
    for (const { row } of this.#device.tables.states.values())
      if (row !== null && row.media === media && row.ref.kind === kind) rows.push(row);
    return rows;
  }

  statesOf(media: MediaKey): Promise<ServerRow[]> {
    return this.marksOf(media, 'state');
  }

  async cursor(name: string): Promise<Json> {
    await this.#read();
    return this.#device.tables.cursors.get(name) ?? null;
  }

  async setCursor(name: string, value: Json): Promise<void> {
    await this.#write();
    this.#device.tables.cursors.set(name, value);
  }

  async mediaIds(projectId: number): Promise<Map<MediaKey, number>> {
    await this.#read();
    const medias = [...this.#device.tables.media.values()].filter((one) => one.projectId === projectId);
    return new Map(medias.map(({ key, serverId }) => [key, serverId]));
  }

  async putServerMedia(_projectId: number, medias: ServerMedia[]): Promise<void> {
    await this.#write();
    for (const media of medias) this.#device.putMedia(media);
    this.#life.step();
  }

  async projectIds(): Promise<number[]> {
    await this.#read();
    return this.#device.tables.projects.map(({ id }) => id);
  }

  async saveProjects(projects: Project[]): Promise<void> {
    await this.#write();
    this.#device.tables.projects = projects;
  }

  async saveCatalog({ stateTypes }: ProjectCatalog): Promise<void> {
    await this.#write();
    this.#device.tables.stateTypes = stateTypes;
  }

  async typesKeepingMembers(): Promise<ReadonlySet<number>> {
    await this.#read();
    return keepingMembers(this.#device.tables.stateTypes);
  }

  async saveStatus(): Promise<void> {
    await this.#write();
  }

  /*
   * The lists of the catalog stay empty here: what people do to them is tried on the real database
   * (`test/unit/sync/catalog-push.test.ts`).
   */
  outboxAt(): Promise<EntityState[]> {
    return Promise.resolve([]);
  }

  catalogRows(): Promise<ServerRow[]> {
    return Promise.resolve([]);
  }

  saveCatalogLists(): Promise<void> {
    return Promise.resolve();
  }

  enterCatalogRow(): Promise<void> {
    return Promise.resolve();
  }

  async enterVersion(projectId: number, names: VersionNames): Promise<void> {
    await this.#write();
    this.#device.moveVersion(projectId, names);
    this.#life.step();
  }

  onLocalEdit(): () => void {
    return () => undefined;
  }

  async releaseRecorder(): Promise<void> {
    await this.#write();
    this.#device.release();
  }

  async #read(): Promise<void> {
    this.#life.step();
    await this.#pause();
  }

  async #write(): Promise<void> {
    await this.#read();
    if (this.#life.happens('diskFull')) throw new DiskFull();
  }

  /** Some calls take so long that others come between. */
  async #pause(): Promise<void> {
    if (this.#life.random() >= 0.1) return;
    await this.#time.sleep(1 + 2000 * this.#life.random() ** 4);
    this.#life.check();
  }
}

function withoutPrint({ print: _print, ...row }: ServerRow): ServerRow {
  return row;
}

/** Server truth of a media stands in the list of medias alone. */
function withoutRow({ row: _row, ...rest }: Revision): Revision {
  return rest;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

/** Whether something of the user lies over the media's rows. */
function isWaitingAt({ edit, conflicts }: EntityState, media: MediaKey): boolean {
  return edit?.media === media || conflicts.some((conflict) => conflict.media === media);
}

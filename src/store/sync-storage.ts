import { liveQuery } from 'dexie';
import type { Stop } from '../base/disposable.ts';
import type { Json } from '../base/json.ts';
import type { MakeId } from '../base/random.ts';
import { withLists, type CatalogLists } from '../domain/catalog-fields.ts';
import type { Project, ProjectCatalog } from '../domain/entity-types.ts';
import { entityKey, mediaKeyPrefix, type CatalogKind, type MediaKey } from '../domain/identity.ts';
import { debtCursor, parseDebt, type MemberDebt } from '../domain/member-debt.ts';
import { keepingMembers } from '../domain/member-set.ts';
import type {
  Attempt,
  Cursors,
  EntityState,
  Place,
  Revision,
  ServerMedia,
  ServerRow,
  RowMark,
  SyncStatus,
  SyncStorage,
  KnownSet,
} from '../sync/ports.ts';
import { readCatalog, rowsOfKind, withRow } from './catalog-table.ts';
import { entityTables, readStates, writeStates, type Rewrite } from './entities.ts';
import { enterVersion, underPresentKeys, type VersionNames } from './local-version.ts';
import { putServerMedia } from './media-table.ts';
import { cursorName, readMeta, readOrder, writeMeta, writeReleased } from './meta.ts';
import { isUsersWork } from './overlay.ts';
import type { Outline } from './outline.ts';
import type { Pages } from './pages.ts';
import { encodeLine } from './recorder-lines.ts';
import { askedBy, askedLine, releasable, type Asked } from './replay.ts';
import type { TidemarkDatabase } from './schema.ts';
import type { Recorder } from './types.ts';

interface Parts {
  db: TidemarkDatabase;
  pages: Pages;
  recorder: Recorder;
  outline: Outline;
  makeId: MakeId;
}

/** The engine's side of the device database. */
export class DexieSyncStorage implements SyncStorage {
  readonly #db: TidemarkDatabase;
  readonly #pages: Pages;
  readonly #recorder: Recorder;
  readonly #outline: Outline;
  readonly #makeId: MakeId;

  constructor({ db, pages, recorder, outline, makeId }: Parts) {
    this.#db = db;
    this.#pages = pages;
    this.#recorder = recorder;
    this.#outline = outline;
    this.#makeId = makeId;
  }

  outbox(projectId: number): Promise<EntityState[]> {
    return this.#db.transaction('r', entityTables(this.#db), async () => {
      const edits = await this.#db.edits.where('projectId').equals(projectId).toArray();
      return readStates(this.#db, this.#pages, edits);
    });
  }

  outboxAt(home: MediaKey): Promise<EntityState[]> {
    return this.#db.transaction('r', entityTables(this.#db), async () => {
      const edits = await this.#db.edits.where('media').equals(home).toArray();
      return readStates(this.#db, this.#pages, edits);
    });
  }

  async revise(
    places: Place[],
    decide: (states: EntityState[]) => Revision[],
    cursors: Cursors = {},
  ): Promise<void> {
    const db = this.#db;
    const { confirmed, asked, order } = await db.transaction(
      'rw',
      [...entityTables(db), db.meta],
      async () => {
        const states = await readStates(db, this.#pages, places);
        const revisions = decide(states);
        const rewrites = places.flatMap((place, i): Rewrite[] => {
          const [before, revision] = [states[i], revisions[i]];
          return before === undefined || revision === undefined ? [] : [{ place, before, revision }];
        });
        await writeStates(db, this.#pages, rewrites);
        const values = Object.entries(cursors).map(([name, value]) => ({ name: cursorName(name), value }));
        if (values.length > 0) await db.meta.bulkPut(values);
        const confirmed = rewrites.flatMap(({ before: { edit }, revision }) =>
          edit !== null && revision.edit === null && isUsersWork(edit) ? [edit] : [],
        );
        const asked = rewrites.flatMap(
          ({ before, revision, place }) => askedBy(before, revision, entityKey(place.ref)) ?? [],
        );
        return { confirmed, asked, order: asked.length === 0 ? 0 : await readOrder(db) };
      },
    );
    if (confirmed.length > 0) this.#recordConfirmed(confirmed);
    if (asked.length > 0) await this.#recordAsked(asked, order);
  }

  /** Where the recorder has no room, a later loss of the database forgets the question. */
  async #recordAsked(asked: Asked[], order: number): Promise<void> {
    const line = askedLine(this.#makeId(), order, asked);
    const appended = await this.#recorder.append([encodeLine(line)]).catch(() => null);
    if (appended === null) return;
    const keys = asked.map(({ key }) => key);
    await this.#db.ops.put({ id: line.op, order, seq: appended.seq, keys });
  }

  /** Spares a later recovery some look-ups; nothing depends on it, so nobody waits for it. */
  #recordConfirmed(edits: { key: string; revision: number }[]): void {
    const line = {
      v: 1,
      kind: 'confirmed',
      edits: edits.map(({ key, revision }) => ({ key, revision })),
    } as const;
    this.#recorder.append([encodeLine(line)]).catch(() => undefined);
  }

  async recordRequest(attempts: readonly Attempt[]): Promise<void> {
    const line = encodeLine({ v: 1, kind: 'request', attempts });
    await this.#recorder.append([line]).catch(() => undefined);
  }

  async recordDebt(projectId: number, debt: MemberDebt): Promise<void> {
    const line = encodeLine({ v: 1, kind: 'debt', projectId, debt });
    await this.#recorder.append([line]).catch(() => undefined);
  }

  async doubtSentAttempts(): Promise<void> {
    await this.#db.attempts.where('state').anyOf('prepared', 'sent').modify({ state: 'in-doubt' });
  }

  marksOf(media: MediaKey, kind: 'localization' | 'state'): Promise<RowMark[]> {
    const db = this.#db;
    return db.transaction('r', [db.pageHeads, db.pageBlobs], () => this.#pages.marksOf(media, kind));
  }

  isKnown(media: MediaKey, kind: 'localization' | 'state', rows: readonly ServerRow[]): Promise<boolean> {
    const db = this.#db;
    return db.transaction('rw', [db.pageHeads, db.pageBlobs, db.edits, db.conflicts], async () => {
      if ((await this.#isWaiting(media)) || !(await this.#pages.areAll(media, kind, rows))) return false;
      await this.#pages.notePrints(media, kind, rows);
      return true;
    });
  }

  knownSets(
    places: readonly { media: MediaKey; cursor: string }[],
    kind: 'localization' | 'state',
  ): Promise<KnownSet[]> {
    const db = this.#db;
    return db.transaction('r', [db.pageHeads, db.edits, db.conflicts, db.meta], async () => {
      const [edited, asked, sums, cursors] = await Promise.all([
        db.edits.orderBy('media').uniqueKeys(),
        db.conflicts.orderBy('media').uniqueKeys(),
        this.#pages.sumsOf(
          places.map(({ media }) => media),
          kind,
        ),
        db.meta.bulkGet(places.map(({ cursor }) => cursorName(cursor))),
      ]);
      const waiting = new Set([...edited, ...asked]);
      return places.map(({ media }, i) => ({
        sum: waiting.has(media) ? null : (sums[i]?.sum ?? null),
        count: sums[i]?.count ?? 0,
        cursor: cursors[i]?.value ?? null,
      }));
    });
  }

  /** Whether something of the user lies over the media's rows; inside a transaction. */
  async #isWaiting(media: MediaKey): Promise<boolean> {
    const { edits, conflicts } = this.#db;
    const counts = await Promise.all([
      edits.where('media').equals(media).count(),
      conflicts.where('media').equals(media).count(),
    ]);
    return counts.some((count) => count > 0);
  }

  async statesOf(media: MediaKey): Promise<ServerRow[]> {
    const db = this.#db;
    const pages = await db.transaction('r', [db.pageHeads, db.pageBlobs], () => this.#pages.ofMedia(media));
    return pages.flatMap(({ head, rows }) => (head.kind === 'state' ? rows : []));
  }

  cursor(name: string): Promise<Json> {
    return readMeta(this.#db, cursorName(name));
  }

  setCursor(name: string, value: Json): Promise<void> {
    return writeMeta(this.#db, cursorName(name), value);
  }

  async mediaIds(projectId: number): Promise<Map<MediaKey, number>> {
    const medias = await this.#db.media.where('projectId').equals(projectId).toArray();
    return new Map(
      medias.flatMap(({ key, serverId }) => (serverId === null ? [] : [[key, serverId] as const])),
    );
  }

  putServerMedia(projectId: number, medias: ServerMedia[], options: { complete: boolean }): Promise<void> {
    return putServerMedia(this.#db, { projectId, medias, ...options });
  }

  async projectIds(): Promise<number[]> {
    return (await this.#db.projects.toCollection().primaryKeys()).sort((a, b) => a - b);
  }

  saveProjects(projects: Project[]): Promise<void> {
    return this.#outline.saveProjects(projects);
  }

  saveCatalog(catalog: ProjectCatalog): Promise<void> {
    return this.#outline.saveCatalog(catalog);
  }

  saveCatalogLists(projectId: number, lists: Partial<CatalogLists>): Promise<void> {
    return this.#outline.changeCatalog(projectId, (catalog) => withLists(catalog, lists));
  }

  async catalogRows(projectId: number, kind: CatalogKind): Promise<ServerRow[]> {
    const catalog = await readCatalog(this.#db, projectId);
    return catalog === null ? [] : rowsOfKind(catalog, kind);
  }

  async typesKeepingMembers(projectId: number): Promise<ReadonlySet<number>> {
    return keepingMembers((await readCatalog(this.#db, projectId))?.stateTypes ?? []);
  }

  enterCatalogRow(projectId: number, row: ServerRow): Promise<void> {
    return this.#outline.changeCatalog(projectId, (catalog) => withRow(catalog, row));
  }

  enterVersion(projectId: number, names: VersionNames): Promise<void> {
    return enterVersion(this.#db, projectId, names);
  }

  saveStatus(status: SyncStatus): Promise<void> {
    return writeMeta(this.#db, 'status', status as unknown as Json);
  }

  onLocalEdit(next: () => void): Stop {
    let first = true;
    const subscription = liveQuery(() => readOrder(this.#db)).subscribe({
      next: () => {
        if (!first) next();
        first = false;
      },
      error: () => undefined,
    });
    return () => subscription.unsubscribe();
  }

  async releaseRecorder(): Promise<void> {
    const { ops: commands, edits, conflicts } = this.#db;
    const [ops, dirty, asked] = await this.#db.transaction('r', [commands, edits, conflicts], () =>
      Promise.all([
        commands.toArray(),
        edits.toCollection().primaryKeys(),
        conflicts.orderBy('key').uniqueKeys(),
      ]),
    );
    const open = new Set([...dirty, ...asked.map(String)]);
    const through = releasable(underPresentKeys(ops, dirty), open);
    if (through === null) return;
    // Their lines may be among those that go.
    for (const projectId of await this.projectIds()) {
      const debt = parseDebt(await this.cursor(debtCursor(projectId)));
      if (Object.keys(debt).length > 0) await this.recordDebt(projectId, debt);
    }
    const ofMedias = await this.#db.attempts.where('key').startsWith(mediaKeyPrefix).toArray();
    const creates = ofMedias.filter(({ intent }) => intent === 'create');
    if (creates.length > 0) await this.recordRequest(creates);
    await this.#recorder.release(through);
    const released = ops.flatMap(({ id, seq }) => (seq !== null && seq <= through ? [id] : []));
    await this.#db.transaction('rw', [commands, this.#db.meta], async () => {
      await commands.bulkDelete(released);
      await writeReleased(this.#db, through);
    });
  }
}

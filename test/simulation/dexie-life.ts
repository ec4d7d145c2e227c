import type { Json } from '../../src/base/json.ts';
import type { Stop } from '../../src/base/disposable.ts';
import type { CatalogLists } from '../../src/domain/catalog-fields.ts';
import type { Project, ProjectCatalog } from '../../src/domain/entity-types.ts';
import type { CatalogKind, MediaKey } from '../../src/domain/identity.ts';
import type { MemberDebt } from '../../src/domain/member-debt.ts';
import type {
  KnownSet,
  Attempt,
  Cursors,
  EntityState,
  Place,
  Revision,
  RowMark,
  ServerMedia,
  ServerRow,
  SyncStatus,
  SyncStorage,
} from '../../src/sync/ports.ts';
import type { RealWork } from './dexie-device.ts';
import { DiskFull, type Life } from './faults.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Parts {
  /** The real storage of the process that runs now. */
  storage: () => Promise<SyncStorage>;
  life: Life;
  time: VirtualTime;
  work: RealWork;
}

/**
 * The real storage in one life: the process may die at each call, before it and after what it committed;
 * a disk that is full, and some deaths, come in the middle of a transaction, which must leave nothing.
 */
export class DexieLife implements SyncStorage {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  outbox(projectId: number): Promise<EntityState[]> {
    return this.#read((storage) => storage.outbox(projectId));
  }

  revise(places: Place[], decide: (states: EntityState[]) => Revision[], cursors?: Cursors): Promise<void> {
    const { life } = this.#parts;
    return this.#call(async (storage) => {
      const isFull = life.happens('diskFull');
      const decided = (states: EntityState[]): Revision[] => {
        const revisions = decide(states);
        if (isFull) throw new DiskFull();
        life.step();
        return revisions;
      };
      await storage.revise(places, decided, cursors);
      life.step();
    });
  }

  recordRequest(attempts: readonly Attempt[]): Promise<void> {
    const hasRoom = !this.#parts.life.happens('diskFull');
    return this.#read((storage) => (hasRoom ? storage.recordRequest(attempts) : Promise.resolve()));
  }

  recordDebt(projectId: number, debt: MemberDebt): Promise<void> {
    const hasRoom = !this.#parts.life.happens('diskFull');
    return this.#read((storage) => (hasRoom ? storage.recordDebt(projectId, debt) : Promise.resolve()));
  }

  doubtSentAttempts(): Promise<void> {
    return this.#write((storage) => storage.doubtSentAttempts());
  }

  marksOf(media: MediaKey, kind: 'localization' | 'state'): Promise<RowMark[]> {
    return this.#read((storage) => storage.marksOf(media, kind));
  }

  isKnown(media: MediaKey, kind: 'localization' | 'state', rows: readonly ServerRow[]): Promise<boolean> {
    return this.#write((storage) => storage.isKnown(media, kind, rows));
  }

  knownSets(
    places: readonly { media: MediaKey; cursor: string }[],
    kind: 'localization' | 'state',
  ): Promise<KnownSet[]> {
    return this.#read((storage) => storage.knownSets(places, kind));
  }

  statesOf(media: MediaKey): Promise<ServerRow[]> {
    return this.#read((storage) => storage.statesOf(media));
  }

  cursor(name: string): Promise<Json> {
    return this.#read((storage) => storage.cursor(name));
  }

  setCursor(name: string, value: Json): Promise<void> {
    return this.#write((storage) => storage.setCursor(name, value));
  }

  mediaIds(projectId: number): Promise<Map<MediaKey, number>> {
    return this.#read((storage) => storage.mediaIds(projectId));
  }

  putServerMedia(projectId: number, medias: ServerMedia[], options: { complete: boolean }): Promise<void> {
    return this.#write((storage) => storage.putServerMedia(projectId, medias, options));
  }

  projectIds(): Promise<number[]> {
    return this.#read((storage) => storage.projectIds());
  }

  saveProjects(projects: Project[]): Promise<void> {
    return this.#write((storage) => storage.saveProjects(projects));
  }

  saveCatalog(catalog: ProjectCatalog): Promise<void> {
    return this.#write((storage) => storage.saveCatalog(catalog));
  }

  outboxAt(home: string): Promise<EntityState[]> {
    return this.#read((storage) => storage.outboxAt(home));
  }

  saveCatalogLists(projectId: number, lists: Partial<CatalogLists>): Promise<void> {
    return this.#write((storage) => storage.saveCatalogLists(projectId, lists));
  }

  catalogRows(projectId: number, kind: CatalogKind): Promise<ServerRow[]> {
    return this.#read((storage) => storage.catalogRows(projectId, kind));
  }

  typesKeepingMembers(projectId: number): Promise<ReadonlySet<number>> {
    return this.#read((storage) => storage.typesKeepingMembers(projectId));
  }

  enterCatalogRow(projectId: number, row: ServerRow): Promise<void> {
    return this.#write((storage) => storage.enterCatalogRow(projectId, row));
  }

  enterVersion(projectId: number, names: { from: number; to: number }): Promise<void> {
    return this.#write((storage) => storage.enterVersion(projectId, names));
  }

  saveStatus(status: SyncStatus): Promise<void> {
    return this.#write((storage) => storage.saveStatus(status));
  }

  onLocalEdit(): Stop {
    return () => undefined;
  }

  releaseRecorder(): Promise<void> {
    return this.#write((storage) => storage.releaseRecorder());
  }

  #read<T>(read: (storage: SyncStorage) => Promise<T>): Promise<T> {
    return this.#call(read);
  }

  #write<T>(write: (storage: SyncStorage) => Promise<T>): Promise<T> {
    const { life } = this.#parts;
    return this.#call(async (storage) => {
      if (life.happens('diskFull')) throw new DiskFull();
      const answer = await write(storage);
      life.step();
      return answer;
    });
  }

  async #call<T>(call: (storage: SyncStorage) => Promise<T>): Promise<T> {
    const { life, work, storage } = this.#parts;
    life.step();
    await this.#pause();
    const answer = await work.of(async () => call(await storage()));
    life.check();
    return answer;
  }

  /** Some calls take so long that others come between. */
  async #pause(): Promise<void> {
    const { life, time } = this.#parts;
    if (life.random() >= 0.1) return;
    await time.sleep(1 + 2000 * life.random() ** 4);
    life.check();
  }
}

import { seededRandom, uuidFrom, type Random } from '../../src/base/random.ts';
import type { Clock } from '../../src/base/clock.ts';
import { entityKey, type EntityRef } from '../../src/domain/identity.ts';
import { visibleFields } from '../../src/store/overlay.ts';
import { planResolution } from '../../src/store/resolution.ts';
import type { Change } from '../../src/store/types.ts';
import type { Conflict, ServerPort, SyncStorage } from '../../src/sync/ports.ts';
import { Loop } from '../../src/sync/engine.ts';
import { Faults, type FaultRates } from './faults.ts';
import { Ledger } from './ledger.ts';
import { MemoryDevice } from './memory-storage.ts';
import { poison, SimulatedTator } from './simulated-tator.ts';

export const media = '11111111-1111-4111-8111-111111111111';
export const restUser = 99;

/** Switches that plant a known bug into the engine's surroundings, to see that the checkers catch it. */
export interface Planted {
  wrapServer?: (server: ServerPort) => ServerPort;
  wrapStorage?: (storage: SyncStorage) => SyncStorage;
}

interface Device {
  user: number;
  faults: Faults;
  storage: MemoryDevice;
  ledger: Ledger;
  loop: Loop;
}

const roughLink: FaultRates = {
  crash: 0.03,
  lostBefore: 0.04,
  lostAfter: 0.05,
  garbage: 0.02,
  refused: 0.03,
};
const quiet: FaultRates = { crash: 0, lostBefore: 0, lostAfter: 0, garbage: 0, refused: 0 };

/** Two annotators and one who edits through plain REST, on one media; all that happens follows from the seed. */
export class World {
  readonly tator = new SimulatedTator();
  readonly devices: Device[];
  readonly refs: EntityRef[] = [];
  crashes = 0;
  readonly #random: Random;
  readonly #planted: Planted;
  #now = 1_700_000_000_000;
  #token = 0;

  constructor(seed: number, planted: Planted = {}) {
    this.#random = seededRandom(seed);
    this.#planted = planted;
    const mediaId = this.tator.addMedia({ elementalId: media, type: 3, sectionId: null, fields: {} });
    this.devices = [1, 2].map((user) => {
      const faults = new Faults(this.#random);
      const storage = new MemoryDevice(faults, () => uuidFrom(this.#random));
      storage.addMedia(media, mediaId);
      const device = { user, faults, storage, ledger: new Ledger(user) };
      return { ...device, loop: this.#loopOf(device) };
    });
  }

  async run(steps: number): Promise<void> {
    for (const { faults } of this.devices) faults.rates = roughLink;
    for (let i = 0; i < steps; i += 1) {
      this.#now += 500 + Math.floor(this.#random() * 4000);
      await this.#step(this.#pick(this.devices));
    }
    await this.#comeToRest();
  }

  async #step(device: Device): Promise<void> {
    const dice = this.#random();
    if (dice < 0.4) await this.#round(device);
    else if (dice < 0.75) this.#edit(device);
    else if (dice < 0.82) this.#undo(device);
    else if (dice < 0.86) this.#decide(device);
    else if (dice < 0.89) this.#restart(device);
    else this.#rest();
  }

  /** The faults stop, all questions are answered, and every device exchanges until nothing is left. */
  async #comeToRest(): Promise<void> {
    for (const { faults } of this.devices) faults.rates = quiet;
    for (let i = 0, quietRounds = 0; i < 30 && quietRounds < 4; i += 1) {
      const before = this.tator.rows.length;
      for (const device of this.devices) {
        this.#now += 15_000;
        await this.#round(device);
        this.#decide(device);
      }
      const isQuiet =
        this.tator.rows.length === before && !this.devices.some(({ storage }) => hasWork(storage));
      quietRounds = isQuiet ? quietRounds + 1 : 0;
    }
  }

  async #round(device: Device): Promise<void> {
    await device.loop.round();
    if (device.faults.dead) this.#restart(device);
  }

  #restart(device: Device): void {
    this.crashes += 1;
    device.faults.revive();
    device.storage.restart({ losingDatabase: this.#random() < 0.15 });
    device.loop = this.#loopOf(device);
  }

  #loopOf({ storage, faults, user }: Pick<Device, 'storage' | 'faults' | 'user'>): Loop {
    const { wrapServer, wrapStorage } = this.#planted;
    const server = this.tator.port(faults, user);
    const clock: Clock = { now: () => this.#now, after: () => () => undefined };
    return new Loop({
      storage: wrapStorage?.(storage) ?? storage,
      server: wrapServer?.(server) ?? server,
      clock,
      random: this.#random,
      makeId: () => uuidFrom(this.#random),
    });
  }

  #edit(device: Device): void {
    const { storage, ledger } = device;
    const visible = this.refs.filter((ref) => visibleFields(storage.state({ ref })) !== null);
    const isNew = visible.length === 0 || (this.refs.length < 6 && this.#random() < 0.35);
    const ref: EntityRef = isNew
      ? { kind: 'localization', version: 1, elementalId: uuidFrom(this.#random) }
      : this.#pick(visible);
    if (isNew) this.refs.push(ref);
    const change: Change = isNew
      ? { kind: 'create', ref, type: 7, media, fields: { frame: 1, ...this.#values(3), ...this.#poison() } }
      : this.#random() < 0.2
        ? { kind: 'delete', ref }
        : {
            kind: 'change',
            ref,
            fields: { ...this.#values(1 + Math.floor(this.#random() * 2)), ...this.#poison() },
          };
    ledger.sees(ref, storage.state({ ref }));
    storage.apply({ projectId: 1, media, label: 'edit', changes: [change] }, this.#now);
    if (change.kind === 'delete') ledger.owes(ref, storage.state({ ref }), 'all');
    else ledger.saved(ref, storage.state({ ref }), Object.keys(change.fields));
  }

  #values(count: number): Record<string, string> {
    const fields = ['attributes.A', 'attributes.B', 'geometry']
      .sort(() => this.#random() - 0.5)
      .slice(0, count);
    return Object.fromEntries(fields.map((field) => [field, `v${(this.#token += 1)}`]));
  }

  #poison(): Record<string, string> {
    return this.#random() < 0.03 ? { [poison]: 'x' } : {};
  }

  #undo({ storage, ledger }: Device): void {
    for (const ref of this.refs) ledger.sees(ref, storage.state({ ref }));
    const before = new Map(this.refs.map((ref) => [entityKey(ref), storage.state({ ref })]));
    if (!storage.undo(media, this.#now)) return;
    for (const ref of this.refs) {
      const state = storage.state({ ref });
      const was = before.get(entityKey(ref));
      if (was === undefined || was.edit?.revision === state.edit?.revision) {
        if (was?.edit === state.edit) continue;
      }
      if (was !== undefined && visibleFields(was) === null && visibleFields(state) !== null)
        ledger.revives(ref);
      ledger.saved(ref, state, Object.keys(visibleFields(state) ?? {}));
      ledger.owes(ref, state, 'all');
    }
  }

  #decide({ storage, ledger }: Device): void {
    const decided = new Map<string, Conflict>();
    storage.dropConflicts(
      () => (this.#random() < 0.5 ? 'mine' : 'theirs'),
      (state, choice, context) => {
        const conflict = state.conflicts[0]!;
        ledger.sees(conflict.ref, state);
        ledger.decides(conflict, choice);
        decided.set(entityKey(conflict.ref), conflict);
        return planResolution(conflict, choice, state, context);
      },
      this.#now,
    );
    for (const { ref, field } of decided.values()) {
      ledger.owes(ref, storage.state({ ref }), field === '$deleted' ? 'all' : [field]);
    }
  }

  #rest(): void {
    const live = this.refs.filter((ref) => this.tator.current(entityKey(ref))?.deleted === false);
    if (live.length === 0) return;
    const ref = this.#pick(live);
    if (this.#random() < 0.2) this.tator.tombstone(ref, restUser);
    else this.tator.patch(ref, this.#values(1), restUser);
  }

  #pick<T>(items: T[]): T {
    return items[Math.floor(this.#random() * items.length)]!;
  }
}

function hasWork(storage: MemoryDevice): boolean {
  return storage
    .all()
    .some(({ edit, conflicts }) => conflicts.length > 0 || (edit !== null && edit.status.kind !== 'parked'));
}

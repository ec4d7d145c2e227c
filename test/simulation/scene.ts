import type { MakeId, Random } from '../../src/base/random.ts';
import type { EntityRef, MediaKey } from '../../src/domain/identity.ts';
import { visibleFields } from '../../src/store/overlay.ts';
import type { EntityState } from '../../src/sync/ports.ts';
import type { Loop } from '../../src/sync/engine.ts';
import type { SimulatedDevice } from './device.ts';
import type { Life } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { Memberships } from './memberships.ts';
import type { Step } from './script.ts';
import type { SimulatedTator } from './simulated-tator.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A device with its user and the process that runs on it now. */
export interface Station {
  user: number;
  device: SimulatedDevice;
  ledger: Ledger;
  life: Life;
  loop: Loop;
  /** ms that its clock is ahead. */
  ahead: number;
  exchanging: boolean;
  again: Step | null;
}

/** What actors and checkers see of the world. */
export interface Scene {
  readonly time: VirtualTime;
  readonly tator: SimulatedTator;
  /** The server tells how long a request may be at work (or knows keys), and no clock jumps. */
  readonly waits: boolean;
  /** Users work on tracks most of all, and delete many. */
  readonly tracks: boolean;
  readonly stations: readonly Station[];
  readonly memberships: Memberships;
  /** All annotations that were ever made. */
  readonly refs: EntityRef[];
  /** Medias that were added on devices. */
  readonly medias: MediaKey[];
  /** What went wrong while it ran. */
  readonly problems: string[];
  readonly makeId: MakeId;
  /** A value that was never written before. */
  makeValue(): string;
  stateOf(station: Station, ref: EntityRef): Promise<EntityState>;
  /** The device's own clock; ms. */
  nowOf(station: Station): number;
}

export const firstMedia = '11111111-1111-4111-8111-111111111111';

export const nothingKnown: EntityState = { row: null, edit: null, attempt: null, conflicts: [] };

export function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)]!;
}

export function isVisible(state: EntityState | undefined): boolean {
  return state !== undefined && visibleFields(state) !== null;
}

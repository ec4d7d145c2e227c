import type { EntityKey, MediaKey } from '../../src/domain/identity.ts';
import type { JournalEntry } from '../../src/store/schema.ts';
import type { EditCommand } from '../../src/store/types.ts';
import type { Conflict, Edit, EntityState, SyncStorage } from '../../src/sync/ports.ts';
import type { Life } from './faults.ts';

/**
 * What becomes of a command: `saved` is told to the user only if both copies are down; `refused`
 * leaves nothing; nor does `unheard`, whose line is down though the recorder did not answer, and which the
 * recorder knows to be refused from the next command or start on; a `torn` one is cut by the death of the
 * process after one copy, or before both.
 */
export type Fate = 'saved' | 'refused' | 'unheard' | 'torn-database' | 'torn-recorder' | 'torn-nothing';

export type States = ReadonlyMap<EntityKey, EntityState>;

/**
 * A device as the simulation needs it: the user's commands, the engine's storage, and the death and
 * restart of its processes. One is in memory, one is the real Dexie store.
 */
export interface SimulatedDevice {
  /** The engine's side, in the life of a process. */
  storage(life: Life): SyncStorage;
  /** Everything that is known of every element. */
  states(): States | Promise<States>;
  /** Those that the server is known to have. */
  medias(): ReadonlySet<MediaKey> | Promise<ReadonlySet<MediaKey>>;

  /** False if it was refused. */
  apply(command: EditCommand, now: number, fate: Fate): Promise<boolean>;
  /** The step that was taken back; null if there was none. */
  undo(media: MediaKey, now: number): Promise<JournalEntry | null>;
  resolve(conflict: Conflict, choice: 'mine' | 'theirs', now: number): Promise<void>;
  retryParked(edit: Edit, now: number): Promise<void>;
  discardParked(edit: Edit, now: number): Promise<void>;
  addMedia(edit: Edit): Promise<void>;

  /**
   * The next start of the processes; with `losingDatabase` it finds an empty database. (Not before the recorder
   * knows what was refused: who loses the database with that has the command done after all.)
   */
  restart(options: { losingDatabase: boolean; now: number }): Promise<void>;
}

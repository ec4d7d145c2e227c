import type { Json } from '../../src/base/json.ts';
import type { Fields } from '../../src/domain/fields.ts';
import { sameValue } from '../../src/domain/compare.ts';
import { entityKey, type EntityKey, type EntityRef } from '../../src/domain/identity.ts';
import { visibleFields } from '../../src/store/overlay.ts';
import type { Conflict, EntityState } from '../../src/sync/ports.ts';

/** What one user was shown and was told to be saved: the checkers hold the outcome against it. */
export class Ledger {
  /** By entity: the unsynced content that was acknowledged last; `null` = its deletion. */
  readonly owed = new Map<EntityKey, Fields | null>();
  /** Fields that the user has ever set. */
  readonly touched = new Map<EntityKey, Set<string>>();
  /** Values that the user had before his eyes when he acted. */
  readonly seen = new Set<string>();
  /** Entities that the user has brought back himself. */
  readonly revived = new Set<EntityKey>();
  /** Entities that the user has deleted himself. */
  readonly removed = new Set<EntityKey>();
  /** Values of his own that the user took back, by entity and field. */
  readonly takenBack = new Map<EntityKey, Map<string, Json>>();

  sees(ref: EntityRef, state: EntityState): void {
    const key = entityKey(ref);
    for (const fields of [visibleFields(state), state.edit?.base?.fields ?? null])
      for (const field in fields) this.seen.add(seenValue(key, field, fields[field]));
  }

  /** The user set these fields, whether or not he was told that it is saved. */
  touches(ref: EntityRef, fields: string[]): void {
    const key = entityKey(ref);
    const touched = this.touched.get(key) ?? new Set();
    for (const field of fields) touched.add(field);
    this.touched.set(key, touched);
  }

  /** What the overlay holds is owed; so is what was owed before, but for the fields that the act was about. */
  owes(ref: EntityRef, { edit }: EntityState, fields: string[] | 'all'): void {
    const key = entityKey(ref);
    const before = fields === 'all' ? {} : (this.owed.get(key) ?? {});
    const kept = Object.fromEntries(Object.entries(before).filter(([field]) => !fields.includes(field)));
    if (edit?.op === 'delete') this.owed.set(key, null);
    else if (edit !== null || Object.keys(kept).length > 0) this.owed.set(key, { ...kept, ...edit?.changes });
    else this.owed.delete(key);
  }

  /** An undo: the values that he sees no more. */
  takesBack(ref: EntityRef, before: Fields | null, after: Fields | null): void {
    if (before === null || after === null) return;
    const key = entityKey(ref);
    const gone = Object.entries(before).filter(([field, value]) => !sameValue(value, after[field]));
    this.takenBack.set(key, new Map([...(this.takenBack.get(key) ?? []), ...gone]));
  }

  /** Until it is known what a torn command has left, nothing of the entity is owed. */
  forgives(ref: EntityRef): void {
    this.owed.delete(entityKey(ref));
  }

  decides(conflict: Conflict, choice: 'mine' | 'theirs'): void {
    const { key, ref, field, theirs } = conflict;
    this.seen.add(seenValue(key, field, theirs));
    this.touches(ref, [field]);
    if (field === '$deleted') this.takenBack.delete(key);
    else this.takenBack.get(key)?.delete(field);
    if (field === '$deleted' && (choice === 'mine') === (conflict.mine === false)) this.revived.add(key);
  }
}

export function seenValue(key: EntityKey, field: string, value: unknown): string {
  return `${key} ${field} ${JSON.stringify(value ?? null)}`;
}

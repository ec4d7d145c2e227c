import {
  elementalIdInLocal,
  entityKey,
  isLocalVersion,
  localVersion,
  type EntityKey,
  type EntityRef,
} from '../domain/identity.ts';
import { Dexie } from 'dexie';
import type { Edit } from '../sync/ports.ts';
import { readCatalog } from './catalog-table.ts';
import { getMany } from './lookup-many.ts';
import type { JournalEntry, OpRecord, TidemarkDatabase } from './schema.ts';
import type { Change, EditCommand } from './types.ts';

/*
 * Annotations of a version that no server has yet are kept under a number of their own (`localVersion`),
 * and move under the row id as soon as there is one. The flight recorder keeps the name that it was told:
 * after a lost database they come back under it and move once more.
 */

export interface VersionNames {
  from: number;
  to: number;
}

/** Moves the user's work of a version, and the history of it, under another number. */
export async function enterVersion(
  db: TidemarkDatabase,
  projectId: number,
  { from, to }: VersionNames,
): Promise<void> {
  await db.transaction('rw', [db.edits, db.attempts, db.journal], async () => {
    const inProject = await db.edits.where('projectId').equals(projectId).toArray();
    const edits = inProject.filter(({ ref }) => ref.version === from);
    const before = edits.map(({ key }) => key);
    const moved = edits.map((edit) => movedEdit(edit, to));
    const [there, attempts] = await Promise.all([
      getMany(
        db.edits,
        moved.map(({ key }) => key),
      ),
      getMany(db.attempts, before),
    ]);
    const isNewer = (i: number): boolean => (there[i]?.revision ?? -1) < (moved[i]?.revision ?? -1);
    await Promise.all([db.edits.bulkDelete(before), db.attempts.bulkDelete(before)]);
    await Promise.all([
      db.edits.bulkPut(moved.filter((_, i) => isNewer(i))),
      db.attempts.bulkPut(
        attempts.flatMap((attempt, i) =>
          attempt === undefined || !isNewer(i) ? [] : [{ ...attempt, key: moved[i]?.key ?? attempt.key }],
        ),
      ),
    ]);
    for (const media of new Set(edits.map((edit) => edit.media)))
      await db.journal
        .where('[media+order]')
        .between([media, Dexie.minKey], [media, Dexie.maxKey])
        .modify((entry: JournalEntry) => {
          entry.steps = entry.steps.map((step) =>
            step.ref.version === from ? { ...step, ref: { ...step.ref, version: to } } : step,
          );
        });
  });
}

function movedEdit(edit: Edit, version: number): Edit {
  const ref = { ...edit.ref, version };
  return { ...edit, ref, key: entityKey(ref) };
}

/**
 * The command with the present names of what it is about: a screen may still know by the old one what has
 * just moved. Inside a transaction.
 */
export async function underPresentNames(db: TidemarkDatabase, command: EditCommand): Promise<EditCommand> {
  const local = command.changes.filter(({ ref }) => isLocalVersion(ref.version));
  if (local.length === 0) return command;
  const [catalog, edits] = await Promise.all([
    readCatalog(db, command.projectId),
    getMany(
      db.edits,
      local.map(({ ref }) => entityKey(ref)),
    ),
  ]);
  const rowIds = new Map(catalog?.versions.map(({ id, key }) => [localVersion(key), id]));
  const staying = new Set(edits.flatMap((edit) => edit?.key ?? []));
  const present = (ref: EntityRef): EntityRef => {
    const version = staying.has(entityKey(ref)) ? undefined : rowIds.get(ref.version);
    return version === undefined ? ref : { ...ref, version };
  };
  return { ...command, changes: command.changes.map((one): Change => ({ ...one, ref: present(one.ref) })) };
}

/**
 * The commands with the keys under which what they changed is dirty now: the log of a command about work
 * that has moved since must not be dropped before that work is confirmed.
 */
export function underPresentKeys(ops: readonly OpRecord[], dirty: Iterable<EntityKey>): OpRecord[] {
  if (!ops.some(({ keys }) => keys.some(isLocalKey))) return [...ops];
  const present = new Map([...dirty].map((key) => [withoutVersion(key), key]));
  return ops.map((op) => ({
    ...op,
    keys: op.keys.map((key) => (isLocalKey(key) ? (present.get(withoutVersion(key)) ?? key) : key)),
  }));
}

function isLocalKey(key: EntityKey): boolean {
  return elementalIdInLocal(key) !== null;
}

function withoutVersion(key: EntityKey): string {
  const [kind, , ...rest] = key.split('/');
  return [kind, ...rest].join('/');
}

import { Dexie } from 'dexie';
import type { MediaKey } from '../domain/identity.ts';
import { historyLength } from './journal.ts';
import type { JournalChange } from './recorder-lines.ts';
import type { JournalEntry, TidemarkDatabase } from './schema.ts';
import type { HistoryState } from './types.ts';

/** Writes what a command does to the history. A new step ends the possibility of redo. */
export async function writeJournal(db: TidemarkDatabase, change: JournalChange): Promise<void> {
  switch (change.kind) {
    case 'none':
      return;
    case 'add': {
      const { media, order } = change.entry;
      const [undone] = await Promise.all([
        undoneEntries(db, media, { before: order }),
        db.journal.put(change.entry),
      ]);
      if (undone.length > 0) await db.journal.bulkDelete(undone.map(({ id }) => id));
      if (order % 100 === 0) await forgetOldest(db, media);
      return;
    }
    case 'undo':
    case 'redo':
      await db.journal.update(change.id, { undone: change.kind === 'undo' });
  }
}

/** The step that undo would take back. */
export function nextUndo(db: TidemarkDatabase, media: MediaKey): Promise<JournalEntry | undefined> {
  return entries(db, media)
    .reverse()
    .filter(({ undone }) => !undone)
    .first();
}

/** The step that redo would do again: the oldest undone one. */
export async function nextRedo(db: TidemarkDatabase, media: MediaKey): Promise<JournalEntry | undefined> {
  return (await undoneEntries(db, media)).at(-1);
}

/** Newest first; all of them are newer than every step that is in force. */
function undoneEntries(
  db: TidemarkDatabase,
  media: MediaKey,
  range: { before?: number } = {},
): Promise<JournalEntry[]> {
  return entries(db, media, range)
    .reverse()
    .until(({ undone }) => !undone)
    .toArray();
}

export async function historyState(db: TidemarkDatabase, media: MediaKey): Promise<HistoryState> {
  const [undo, redo] = await Promise.all([nextUndo(db, media), nextRedo(db, media)]);
  const stepOf = (entry: JournalEntry | undefined): HistoryState['undo'] =>
    entry === undefined ? null : { label: entry.label, order: entry.order };
  return { undo: stepOf(undo), redo: stepOf(redo) };
}

async function forgetOldest(db: TidemarkDatabase, media: MediaKey): Promise<void> {
  const keys = await entries(db, media).primaryKeys();
  await db.journal.bulkDelete(keys.slice(0, Math.max(0, keys.length - historyLength)));
}

function entries(
  db: TidemarkDatabase,
  media: MediaKey,
  { before }: { before?: number } = {},
): Dexie.Collection<JournalEntry, string> {
  return db.journal
    .where('[media+order]')
    .between([media, Dexie.minKey], [media, before ?? Dexie.maxKey]) as unknown as Dexie.Collection<
    JournalEntry,
    string
  >;
}

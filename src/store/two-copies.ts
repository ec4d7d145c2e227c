import { Dexie } from 'dexie';
import type { EntityState, Place } from '../sync/ports.ts';
import { entityTables, readStates, writeStates } from './entities.ts';
import { databaseError, recorderError } from './errors.ts';
import { forgetRefused, noteRefused, readOrder, writeMeta } from './meta.ts';
import { writeJournal } from './journal-table.ts';
import type { Pages } from './pages.ts';
import type { Plan, PlanContext } from './commands.ts';
import { encodeLine, type RecorderLine } from './recorder-lines.ts';
import type { TidemarkDatabase } from './schema.ts';
import type { SeqNotes } from './seq-notes.ts';
import type { Recorder } from './types.ts';

export interface TwoCopies {
  db: TidemarkDatabase;
  pages: Pages;
  recorder: Recorder;
  notes: SeqNotes;
  /** Commands that were refused, though the recorder, which did not answer, may have their lines. */
  unanswered: string[];
}

type Appended = { ok: true; seq: number } | { ok: false; error: unknown };

/**
 * Writes one command into the database and the flight recorder at the same time, and resolves when
 * both are down:
 *
 *   transaction: read states -> plan --+--> write the overlay, the history, the op --> commit
 *                                      +--> recorder.append (fsync) ------------------> seq
 *
 * If the database fails, an abort line follows in the recorder; if the recorder fails, the database
 * is taken back, and the abort line goes ahead of the next command, or of the next start. Either way it rejects
 * with `StorageError` and nothing of the command remains.
 * False where there was nothing to do.
 */
export async function writeTwice(
  copies: TwoCopies,
  read: () => Promise<{
    places: Place[];
    plan: (states: EntityState[], context: PlanContext) => Plan;
  } | null>,
  { id, now }: { id: string; now: number },
): Promise<boolean> {
  const { db, pages, notes } = copies;
  let appending: Promise<Appended> | null = null;
  let written: Plan | null;
  try {
    written = await db.transaction('rw', [...entityTables(db), db.journal, db.ops, db.meta], async () => {
      const task = await read();
      if (task === null) return null;
      const [order, states] = await Promise.all([readOrder(db), readStates(db, pages, task.places)]);
      const plan = task.plan(states, { id, order: order + 1, now });
      appending = Dexie.ignoreTransaction(() => appended(copies, [plan.line]));
      await Promise.all([
        writeStates(db, pages, plan.rewrites),
        writeJournal(db, plan.journal),
        db.ops.put(plan.op),
        writeMeta(db, 'order', order + 1),
      ]);
      return plan;
    });
  } catch (error) {
    await abort(copies, appending, id);
    throw databaseError(error);
  }
  const outcome = await (appending as Promise<Appended> | null);
  if (outcome === null || written === null) return false;
  if (!outcome.ok) {
    copies.unanswered.push(id);
    await takeBack(copies, written);
    throw recorderError(outcome.error);
  }
  notes.note(written.op, outcome.seq);
  return true;
}

function appended({ db, recorder, unanswered }: TwoCopies, lines: RecorderLine[]): Promise<Appended> {
  const before = unanswered.splice(0);
  const aborts = before.map((op): RecorderLine => ({ v: 1, kind: 'abort', op }));
  return new Promise((resolve) => {
    recorder.append([...aborts, ...lines].map(encodeLine)).then(
      ({ seq }) => {
        resolve({ ok: true, seq });
        // What is not forgotten is told once more at the next start.
        if (before.length > 0) forgetRefused(db, before).catch(() => undefined);
      },
      (error: unknown) => {
        unanswered.push(...before);
        resolve({ ok: false, error });
      },
    );
  });
}

/** The command is in the recorder but not in the database: says so there, or the next start would redo it. */
async function abort(copies: TwoCopies, appending: Promise<Appended> | null, op: string): Promise<void> {
  const outcome = await appending;
  if (outcome === null) return;
  copies.unanswered.push(op);
  const isTold = outcome.ok && (await appended(copies, [])).ok;
  if (!isTold) await noteRefused(copies.db, op).catch(() => undefined);
}

/**
 * Takes a command out of the database again. What changed on top of it in the meantime (by the
 * engine, or in another window) stays as it is; the user is told that the edit failed, and sees
 * what is there. That it was refused is written down with it: until the abort line is, the recorder may tell
 * of a command over which others have gone on since.
 */
async function takeBack({ db, pages }: TwoCopies, plan: Plan): Promise<void> {
  try {
    await db.transaction('rw', [...entityTables(db), db.journal, db.ops, db.meta], async () => {
      const places = plan.rewrites.map(({ place }) => place);
      const states = await readStates(db, pages, places);
      const back = plan.rewrites.flatMap((rewrite, i) => {
        const state = states[i];
        if (state === undefined || state.edit?.revision !== rewrite.revision.edit?.revision) return [];
        if (state.attempt?.revision === plan.op.order) return [];
        return [
          {
            place: rewrite.place,
            before: state,
            revision: { edit: rewrite.before.edit, conflicts: rewrite.before.conflicts },
          },
        ];
      });
      await writeStates(db, pages, back);
      await takeJournalBack(db, plan);
      await db.ops.delete(plan.op.id);
      await noteRefused(db, plan.op.id);
    });
  } catch (error) {
    throw databaseError(error);
  }
}

async function takeJournalBack(db: TidemarkDatabase, { journal }: Plan): Promise<void> {
  if (journal.kind === 'add') await db.journal.delete(journal.entry.id);
  else if (journal.kind !== 'none') await db.journal.update(journal.id, { undone: journal.kind === 'redo' });
}

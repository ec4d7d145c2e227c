import { groupBy } from '../base/group.ts';
import type { MakeId } from '../base/random.ts';
import type { EntityKey } from '../domain/identity.ts';
import { debtCursor, joinDebts, parseDebt, type MemberDebt } from '../domain/member-debt.ts';
import type { Attempt, Conflict, Edit } from '../sync/ports.ts';
import { getMany } from './lookup-many.ts';
import { writeJournal } from './journal-table.ts';
import {
  createName,
  cursorName,
  forgetRefused,
  readMeta,
  readOrder,
  readRefused,
  readReleased,
  writeMeta,
  writeReleased,
} from './meta.ts';
import { isUsersWork } from './overlay.ts';
import { encodeLine, parseLine } from './recorder-lines.ts';
import {
  mediaCreates,
  reopened,
  replay,
  requestsAbout,
  snapshotLines,
  type LoggedLine,
  type Replay,
} from './replay.ts';
import type { OpRecord, TidemarkDatabase } from './schema.ts';
import type { Recorder, RecoveryReport } from './types.ts';

const readAtOnce = 2000;
const editsInALine = 200;

/**
 * Compares the two copies of the user's work and brings the one that is behind up to the other:
 * commands that only the recorder has are put into the database (their edits may have been sent,
 * so they are looked up before they are sent again), edits that only the database has are recorded, and so are
 * refusals that only it remembers.
 * Safe to run in several windows at once, and to be killed in: it only ever adds what is missing.
 */
export async function recover(
  db: TidemarkDatabase,
  recorder: Recorder,
  { now, makeId }: { now: number; makeId: MakeId },
): Promise<RecoveryReport | null> {
  // Before the log: what is confirmed meanwhile leaves both, and is not missing.
  const [known, released] = await db.transaction('r', [db.ops, db.meta], () =>
    Promise.all([db.ops.toCollection().primaryKeys(), readReleased(db)]),
  );
  const lines = await readUnreleased(db, recorder, released);
  const { missing, restored, refused } = await putBack(db, { lines, known }, { now, makeId });
  if (refused.length > 0) {
    await recorder.append(refused.map((op) => encodeLine({ v: 1, kind: 'abort', op })));
    await forgetRefused(db, refused);
  }
  const rerecorded = await recordAgain(db, recorder, { recorded: missing.recorded, makeId });
  if (restored.length === 0 && rerecorded === 0) return null;
  return { restored, rerecorded, at: now };
}

async function readUnreleased(
  db: TidemarkDatabase,
  recorder: Recorder,
  released: number,
): Promise<LoggedLine[]> {
  const log = await readLog(recorder, released);
  if (log.last >= released) return log.lines;
  // Another log, which has begun to count anew.
  await writeReleased(db, 0);
  return (await readLog(recorder, 0)).lines;
}

async function readLog(recorder: Recorder, released: number): Promise<{ lines: LoggedLine[]; last: number }> {
  const lines: LoggedLine[] = [];
  for (let after = released; ;) {
    const { entries, last } = await recorder.read(after, readAtOnce);
    for (const { seq, body } of entries) {
      const line = parseLine(body);
      if (line !== null) lines.push({ seq, line });
      after = seq;
    }
    if (entries.length === 0 || after >= last) return { lines, last };
  }
}

/**
 * What is missing is worked out in the transaction that puts it back: another window may have put it back
 * since the log was read, and its user may have gone on from there.
 */
async function putBack(
  db: TidemarkDatabase,
  { lines, known }: { lines: LoggedLine[]; known: readonly string[] },
  { now, makeId }: { now: number; makeId: MakeId },
): Promise<{ missing: Replay; restored: RecoveryReport['restored']; refused: string[] }> {
  const restored: RecoveryReport['restored'] = [];
  const tables = [db.media, db.edits, db.attempts, db.conflicts, db.journal, db.ops, db.meta];
  const { missing, refused } = await db.transaction('rw', tables, async () => {
    const refused = await readRefused(db);
    const present = await db.ops.toCollection().primaryKeys();
    const missing = replay(lines, new Set([...known, ...present]), refused);
    const keys = [...missing.edits.keys()];
    const [open, edits] = await Promise.all([getMany(db.attempts, keys), getMany(db.edits, keys)]);
    for (const [i, [key, { edit, conflicts, attempt: under }]] of [...missing.edits].entries()) {
      if (edit === null) await db.edits.delete(key);
      else {
        const known = { open: open[i], recorded: requestsAbout(missing.requests, key), under };
        const { edit: put, attempt } = reopened(edit, known, { id: makeId(), now });
        await db.edits.put(put);
        await db.attempts.put(attempt);
        // A line that only tells a question again has the edit as it is: nothing of the user's was missing.
        if (edits[i]?.revision !== edit.revision) restored.push({ key, media: edit.media });
      }
      await putConflicts(db, key, conflicts);
    }
    for (const change of missing.journal) await writeJournal(db, change);
    await db.ops.bulkPut(missing.ops);
    // A database that has commands knows what is owed better than the log, which does not tell what was paid.
    if (known.length === 0) {
      for (const [projectId, debt] of missing.debts) await owe(db, projectId, debt);
      for (const attempt of mediaCreates(missing.requests))
        await writeMeta(db, createName(attempt.key), { ...attempt });
    }
    if (missing.order > (await readOrder(db))) await writeMeta(db, 'order', missing.order);
    return { missing, refused };
  });
  return { missing, restored, refused };
}

/** Adds to what is owed: an engine may be at work on this database already. */
async function owe(db: TidemarkDatabase, projectId: number, debt: MemberDebt): Promise<void> {
  const name = cursorName(debtCursor(projectId));
  await writeMeta(db, name, joinDebts(parseDebt(await readMeta(db, name)), debt));
}

async function putConflicts(db: TidemarkDatabase, key: EntityKey, conflicts: Conflict[]): Promise<void> {
  await db.conflicts.where('key').equals(key).delete();
  await db.conflicts.bulkPut(conflicts);
}

/**
 * Records what the recorder does not have in its newest revision. The edits and the number of the newest command
 * are read together: another window may be at work already, and its next command has to count for newer than
 * what is recorded here, whichever line comes first.
 */
async function recordAgain(
  db: TidemarkDatabase,
  recorder: Recorder,
  { recorded, makeId }: { recorded: Map<EntityKey, number>; makeId: MakeId },
): Promise<number> {
  const { entries, order } = await db.transaction(
    'r',
    [db.edits, db.conflicts, db.attempts, db.meta],
    async () => ({ entries: await unrecorded(db, recorded), order: await readOrder(db) }),
  );
  if (entries.length === 0) return 0;
  const lines = snapshotLines(entries, { makeId, order, size: editsInALine });
  const { seq } = await recorder.append(lines.map(encodeLine));
  const ops = lines.flatMap((line, i): OpRecord[] =>
    line.kind === 'edit'
      ? [{ id: line.op, order, seq: seq - lines.length + 1 + i, keys: line.edits.map(({ key }) => key) }]
      : [],
  );
  await db.ops.bulkPut(ops);
  return entries.length;
}

async function unrecorded(
  db: TidemarkDatabase,
  recorded: Map<EntityKey, number>,
): Promise<{ edit: Edit; conflicts: Conflict[]; attempt: Attempt | undefined }[]> {
  const behind = await db.edits
    .filter((edit) => isUsersWork(edit) && recorded.get(edit.key) !== edit.revision)
    .toArray();
  if (behind.length === 0) return [];
  const conflicts = groupBy(await db.conflicts.toArray(), ({ key }) => key);
  const attempts = await getMany(
    db.attempts,
    behind.map(({ key }) => key),
  );
  return behind.map((edit, i) => ({ edit, conflicts: conflicts.get(edit.key) ?? [], attempt: attempts[i] }));
}

import { sameJson } from '../base/json.ts';
import { elementalIdInLocal, mediaOfKey, type EntityKey } from '../domain/identity.ts';
import { joinDebts, parseDebt, type MemberDebt } from '../domain/member-debt.ts';
import type { Attempt, Conflict, Edit, EntityState, Revision } from '../sync/ports.ts';
import type { JournalChange, RecorderLine } from './recorder-lines.ts';
import type { OpRecord } from './schema.ts';

/** A line and its place in the recorder. */
export interface LoggedLine {
  seq: number;
  line: RecorderLine;
}

/** What the recorder has and the database lacks. */
export interface Replay {
  /** The newest recorded state of each entity that a lost command touched; null: the work on it was gone again. */
  edits: Map<EntityKey, { edit: Edit | null; conflicts: Conflict[]; attempt?: Attempt }>;
  /** What was about to be sent about each entity, where it is recorded. */
  requests: Map<EntityKey, RecordedRequests>;
  /** What the tracks of each project are owed at most. */
  debts: Map<number, MemberDebt>;
  /** In the order of their commands. */
  journal: JournalChange[];
  /** All commands of the recorder, for the database's list of them. */
  ops: OpRecord[];
  /** The newest number that was ever given. */
  order: number;
  /** Revision of the newest line about each entity; -1 where it says that the work was gone. */
  recorded: Map<EntityKey, number>;
}

/**
 * Compares the log with the commands that the database knows. Lines of several windows may stand
 * in another order than their commands, so the number of the command decides. `refused`: commands whose abort
 * lines may be missing.
 */
export function replay(
  lines: LoggedLine[],
  known: ReadonlySet<string>,
  refused: readonly string[] = [],
): Replay {
  const told = lines.flatMap(({ line }) => (line.kind === 'abort' ? [line.op] : []));
  const aborted = new Set([...told, ...refused]);
  const result: Replay = {
    ...{ edits: new Map(), journal: [], ops: [], order: 0, recorded: new Map() },
    requests: requestsOf(lines),
    debts: debtsOf(lines),
  };
  const commands = lines
    .flatMap(({ seq, line }) => (line.kind === 'edit' && !aborted.has(line.op) ? [{ seq, line }] : []))
    .sort((a, b) => a.line.order - b.line.order || a.seq - b.seq);
  const confirmed = confirmedRevisions(lines);
  // The lines of a confirmed command may have been dropped; its number must not be given again, or its
  // confirmation would count for another edit.
  for (const revisions of confirmed.values()) result.order = Math.max(result.order, ...revisions);
  const seen = new Set<string>();
  for (const { seq, line } of commands) {
    if (seen.has(line.op)) continue;
    seen.add(line.op);
    result.order = Math.max(result.order, line.order);
    result.ops.push({ id: line.op, order: line.order, seq, keys: line.edits.map(({ key }) => key) });
    for (const { key, edit } of line.edits) result.recorded.set(key, edit?.revision ?? -1);
    if (known.has(line.op)) {
      for (const { key } of line.edits) result.edits.delete(key);
      continue;
    }
    result.journal.push(line.journal);
    for (const { key, edit, conflicts, attempt } of line.edits) {
      const done = edit !== null && confirmed.get(key)?.has(edit.revision) === true;
      if (done) result.edits.set(key, { edit: null, conflicts: [] });
      else result.edits.set(key, { edit, conflicts, ...(attempt === undefined ? {} : { attempt }) });
    }
  }
  return result;
}

function requestsOf(lines: LoggedLine[]): Map<EntityKey, RecordedRequests> {
  const requests = new Map<EntityKey, RecordedRequests>();
  for (const { line } of lines) {
    if (line.kind !== 'request') continue;
    for (const attempt of line.attempts)
      requests.set(attempt.key, {
        ...requests.get(attempt.key),
        [attempt.intent === 'create' ? 'create' : 'other']: attempt,
      });
  }
  return requests;
}

function debtsOf(lines: LoggedLine[]): Map<number, MemberDebt> {
  const debts = new Map<number, MemberDebt>();
  for (const { line } of lines) {
    if (line.kind !== 'debt') continue;
    debts.set(line.projectId, joinDebts(debts.get(line.projectId) ?? {}, parseDebt(line.debt)));
  }
  return debts;
}

/**
 * The recorded requests about an entity. One of a version that no server had when it was recorded was sent
 * under another key than its user's commands are recorded under.
 */
export function requestsAbout(requests: Replay['requests'], key: EntityKey): RecordedRequests {
  const id = elementalIdInLocal(key);
  if (id === null) return requests.get(key) ?? {};
  const [kind] = key.split('/');
  const found = [...requests].findLast(([of]) => of.startsWith(`${kind}/`) && of.endsWith(`/${id}`));
  return found?.[1] ?? {};
}

/**
 * The creates of medias that are recorded. No command of the user makes a media: the host tells of its file,
 * and a device that has lost its database enters it anew, with the request that may be on its way.
 */
export function mediaCreates(requests: Replay['requests']): Attempt[] {
  return [...requests].flatMap(([key, { create }]) =>
    create !== undefined && mediaOfKey(key) !== null
      ? [{ ...create, state: 'in-doubt', recorded: true }]
      : [],
  );
}

/** The newest requests about an entity that the recorder tells of. */
interface RecordedRequests {
  create?: Attempt;
  /** A PATCH or a delete. */
  other?: Attempt;
}

/** What is known of the requests about an entity whose edit is put back. */
export interface KnownRequests {
  /** The open request, where the database still has it. */
  open: Attempt | undefined;
  /** What the recorder tells of. */
  recorded: RecordedRequests;
  /** The request over which the edit was made, as its line tells. */
  under: Attempt | undefined;
}

/**
 * An edit that only the recorder has, with the request that may be on its way for it. Where the database has
 * an open request about what the edit was made over, it is that one: a command whose line alone was written
 * when the process died cannot have been sent. Else it may have been, by a process whose database is lost.
 */
export function reopened(
  edit: Edit,
  { open, recorded, under }: KnownRequests,
  made: { id: string; now: number },
): { edit: Edit; attempt: Attempt } {
  if (open !== undefined && open.baseMark === (edit.base?.mark ?? null)) return { edit, attempt: open };
  const attempt = doubtfulAttempt(edit, { recorded, under }, made);
  // What the engine had put back of others on the way was part of the edit, as the user saw it.
  const isSame = attempt.intent === 'patch' && attempt.revision === edit.revision && edit.op === 'edit';
  const changes = isSame ? { ...edit.changes, ...attempt.left, ...attempt.sent } : edit.changes;
  return { edit: { ...edit, changes, maybeSent: true }, attempt };
}

/**
 * The request about an edit that may have been on its way when the database was lost: what the recorder tells
 * to have been sent of this very edit, or the create that it tells of, if the user has seen nothing of
 * the entity on a server since; else the request that was on its way when the edit was made; else a guess,
 * where the recorder had no room for the request.
 */
function doubtfulAttempt(
  edit: Edit,
  { recorded, under }: Pick<KnownRequests, 'recorded' | 'under'>,
  { id, now }: { id: string; now: number },
): Attempt {
  const isUnseen = edit.base === null || edit.base.deleted;
  const baseMark = edit.base?.mark ?? null;
  const { create, other } = recorded;
  const isOwn = edit.op !== 'create' && other?.revision === edit.revision;
  const known = isOwn ? other : isUnseen && create?.baseMark === baseMark ? create : under;
  if (known !== undefined) return { ...known, key: edit.key, state: 'in-doubt', recorded: true };
  const { key, revision, op, changes: sent } = edit;
  return {
    id,
    key,
    revision,
    intent: op === 'edit' ? 'patch' : op,
    baseMark,
    sent,
    state: 'in-doubt',
    at: now,
  };
}

function confirmedRevisions(lines: LoggedLine[]): Map<EntityKey, Set<number>> {
  const confirmed = new Map<EntityKey, Set<number>>();
  for (const { line } of lines) {
    if (line.kind !== 'confirmed') continue;
    for (const { key, revision } of line.edits)
      confirmed.set(key, (confirmed.get(key) ?? new Set()).add(revision));
  }
  return confirmed;
}

/** Lines, oldest first, of at most `size` edits each, that record the whole overlay given. */
export function snapshotLines(
  entries: { edit: Edit; conflicts: Conflict[]; attempt: Attempt | undefined }[],
  { makeId, order, size }: { makeId: () => string; order: number; size: number },
): RecorderLine[] {
  const lines: RecorderLine[] = [];
  for (let from = 0; from < entries.length; from += size) {
    const edits = entries.slice(from, from + size).map(({ edit, conflicts, attempt }) => ({
      ...{ key: edit.key, edit, conflicts },
      ...(attempt === undefined ? {} : { attempt }),
    }));
    lines.push({ v: 1, kind: 'edit', op: makeId(), order, edits, journal: { kind: 'none' } });
  }
  return lines;
}

/** An entity as the engine has left it, with a question that its user has not been asked before. */
export interface Asked {
  key: EntityKey;
  edit: Edit | null;
  conflicts: Conflict[];
  attempt?: Attempt;
}

/** What a revision of the engine asks anew; null where it asks nothing, or what is asked already. */
export function askedBy(before: EntityState, revision: Revision, key: EntityKey): Asked | null {
  const { edit, conflicts, attempt } = { ...before, ...revision };
  if (conflicts.length === 0 || sameJson(conflicts, before.conflicts)) return null;
  return { key, edit, conflicts, ...(attempt === null ? {} : { attempt }) };
}

/** The line that tells it: no command of the user does, and a lost database would forget it. */
export function askedLine(op: string, order: number, edits: Asked[]): RecorderLine & { kind: 'edit' } {
  return { v: 1, kind: 'edit', op, order, edits, journal: { kind: 'none' } };
}

/** The highest place up to which the log holds nothing unconfirmed; null if nothing can be dropped. */
export function releasable(ops: OpRecord[], dirty: ReadonlySet<EntityKey>): number | null {
  let through: number | null = null;
  let barrier = Infinity;
  for (const { seq, keys } of ops) {
    if (seq === null) return null;
    if (keys.some((key) => dirty.has(key))) barrier = Math.min(barrier, seq);
  }
  for (const { seq } of ops) {
    if (seq !== null && seq < barrier) through = Math.max(through ?? 0, seq);
  }
  return through;
}

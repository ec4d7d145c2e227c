import type { Json } from '../base/json.ts';
import { addPrints, digestOf, sumOfPrints } from '../base/row-prints.ts';
import { entityKey, type EntityKey, type MediaKey } from '../domain/identity.ts';
import { done, mergeContext, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { fold, isNews, rebase } from './merge.ts';
import type { KnownAnswers, KnownList } from './known-answers.ts';
import type { Answer, Cursors, KnownSet, MarkQuery, RowMark, ServerRow } from './ports.ts';

/*
 * Pull, in layers, since no single one sees every change (a server writes some without moving any
 * clock, and removes some without a trace):
 *
 *   mark log        rows by id after the highest seen, less an overlap for late commits
 *   modified clock  rows that were rewritten in place
 *   audit           the whole set of one media; a row that two audits in a row miss is gone
 *
 * A hub tells what changes (`feed.ts`): there the first two are needed once.
 */

export const annotationKinds = ['localization', 'state'] as const;
export type AnnotationKind = (typeof annotationKinds)[number];

/** Rows of the first list, and of those of an audit. */
const rowsAtOnce = 2000;
const fewestRows = 500;
/** A transaction of more would keep the user's edits waiting. */
const mostRows = 3000;
/** ms that a list takes on a fast link, and on one that may be gone before the next has come. */
const quick = 300;
const slow = 8000;
/** Ids are given out before commit: this many below the highest may still appear. */
const overlap = 100;
/** Clocks of several server processes may differ by this; ms. */
const clockSlack = 5000;

/** Whether all rows of the project have been read once: what is not known then is not there. */
export async function isRead(
  { storage }: Pick<SyncDeps, 'storage'>,
  projectId: number,
  kind: AnnotationKind,
): Promise<boolean> {
  return parseCursor(await storage.cursor(logCursor(projectId, kind))).whole;
}

/** Whether nothing of the project's annotations has been read yet. */
export async function isUnread({ storage }: Pick<SyncDeps, 'storage'>, projectId: number): Promise<boolean> {
  for (const kind of annotationKinds)
    if ((await storage.cursor(logCursor(projectId, kind))) !== null) return false;
  return true;
}

/** The cursors with which the next pull reads all that is current once more. */
export function anew(projectId: number): Cursors {
  const unread = { after: 0, since: null, whole: false };
  return { [logCursor(projectId, 'localization')]: unread, [logCursor(projectId, 'state')]: unread };
}

function logCursor(projectId: number, kind: AnnotationKind): string {
  return `log/${projectId}/${kind}`;
}

/** Reads what is new in the project since the last pull. The first pull reads all that is current. */
export async function pull(deps: SyncDeps, projectId: number, kind: AnnotationKind): Promise<PartOutcome> {
  const name = logCursor(projectId, kind);
  const cursor = parseCursor(await deps.storage.cursor(name));
  const log = await readAll(
    deps,
    { projectId, kind, allMarks: false, limit: rowsAtOnce, after: Math.max(0, cursor.after - overlap) },
    cursor,
    name,
  );
  if (log.kind === 'stopped') return log;
  if (!cursor.whole)
    await deps.storage.setCursor(name, { ...parseCursor(await deps.storage.cursor(name)), whole: true });
  if (cursor.since === null) return done;
  const modifiedSince = new Date(Date.parse(cursor.since) - clockSlack).toISOString();
  const fresh = parseCursor(await deps.storage.cursor(name));
  return readAll(
    deps,
    { projectId, kind, allMarks: false, limit: rowsAtOnce, after: 0, modifiedSince },
    fresh,
    name,
  );
}

interface LogCursor {
  /** Highest row id seen. */
  after: number;
  /** Latest modification seen, ISO 8601. */
  since: string | null;
  /** The end of the log was reached once. */
  whole: boolean;
}

function parseCursor(value: Json): LogCursor {
  const { after, since, whole } =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  return {
    after: typeof after === 'number' ? after : 0,
    since: typeof since === 'string' ? since : null,
    whole: whole === true,
  };
}

async function readAll(
  deps: SyncDeps,
  query: MarkQuery,
  from: LogCursor,
  name: string,
): Promise<PartOutcome> {
  let cursor = from;
  let after = query.after ?? 0;
  let { limit } = query;
  const ask = async (): Promise<{ answer: Answer<ServerRow[]>; ms: number }> => {
    const begun = deps.clock.now();
    const answer = await deps.server.readMarks({ ...query, after, limit });
    return { answer, ms: deps.clock.now() - begun };
  };
  let asked = ask();
  for (;;) {
    const { answer, ms } = await asked;
    if (!answer.ok) return stopped(answer.failure);
    const rows = answer.value;
    const last = rows.at(-1);
    const isLast = rows.length < limit || last === undefined || last.rowId <= after;
    if (!isLast) {
      // The server works on the next list while this one is written.
      after = last.rowId;
      limit = nextLimit(limit, ms);
      asked = ask();
      // Nobody waits for it where the writing fails.
      asked.catch(() => undefined);
    }
    const next = advanced(cursor, rows);
    if (rows.length > 0)
      await foldAll(
        deps,
        rows,
        next.after === cursor.after && next.since === cursor.since ? {} : { [name]: { ...next } },
      );
    cursor = next;
    if (isLast) return done;
  }
}

/** Longer lists where the link is fast, since each costs a transaction; shorter ones where much would be lost. */
function nextLimit(limit: number, ms: number): number {
  if (ms < quick) return Math.min(2 * limit, mostRows);
  return ms > slow ? Math.max(Math.ceil(limit / 2), fewestRows) : limit;
}

function advanced(cursor: LogCursor, rows: ServerRow[]): LogCursor {
  return rows.reduce(
    ({ after, since, whole }, { rowId, modifiedAt }) => ({
      whole,
      after: Math.max(after, rowId),
      since: since === null || modifiedAt > since ? modifiedAt : since,
    }),
    cursor,
  );
}

/** Keys of the rows that are older than what is known, though of the same mark: they were put back. */
async function foldAll(deps: SyncDeps, rows: ServerRow[], cursors: Cursors): Promise<Set<EntityKey>> {
  const newest = newestOfEach(rows);
  const context = mergeContext(deps);
  const putBack = new Set<EntityKey>();
  await deps.storage.revise(
    newest.map(({ ref, media }) => ({ ref, media })),
    (states) =>
      states.map((state, i) => {
        const read = newest[i];
        if (read === undefined) return {};
        if (isPutBack(state.row, read)) putBack.add(entityKey(read.ref));
        return fold(state, read, context);
      }),
    cursors,
  );
  return putBack;
}

/** A server that was restored from a backup tells the same mark as it was before it was rewritten in place. */
function isPutBack(known: ServerRow | null, read: ServerRow): boolean {
  return (
    known !== null &&
    known.mark === read.mark &&
    known.rowId === read.rowId &&
    read.modifiedAt < known.modifiedAt
  );
}

export function newestOfEach(rows: ServerRow[]): ServerRow[] {
  const [first] = rows;
  // Rows of one version, as mostly, are told apart by their ids; to make a key for each costs more than the rest.
  const isOneVersion = rows.every(
    ({ ref }) => ref.kind === first?.ref.kind && ref.version === first.ref.version,
  );
  const keyOf = ({ ref }: ServerRow): string => (isOneVersion ? ref.elementalId : entityKey(ref));
  const keys = new Set<string>();
  for (const row of rows) keys.add(keyOf(row));
  if (keys.size === rows.length) return rows;
  const newest = new Map<string, ServerRow>();
  for (const row of rows) {
    const key = keyOf(row);
    if (isNews(newest.get(key) ?? null, row)) newest.set(key, row);
  }
  return [...newest.values()];
}

/** Medias whose sets are asked for together at most. */
const mediasOfAudit = 6;
/** Rows of all of them: as many as a fast link brings at once. */
export const mostAuditRows = 4000;
export const fewestAuditRows = 250;

interface Audited {
  media: MediaKey;
  mediaId: number;
  /** Of its cursor, and of what is remembered of the answers. */
  name: string;
  known: KnownSet;
}

/**
 * Compares the whole sets of the first of these medias with what is known of them: of one, or of as many small
 * ones as have `rows` together. `taken`: how many it were.
 */
export async function audit(
  deps: SyncDeps,
  {
    projectId,
    kind,
    medias,
    rows,
  }: {
    projectId: number;
    kind: AnnotationKind;
    medias: readonly (readonly [MediaKey, number])[];
    rows: number;
  },
  answers: KnownAnswers,
): Promise<{ outcome: PartOutcome; taken: number }> {
  const { storage } = deps;
  const places = medias.slice(0, mediasOfAudit).map(([media, mediaId]) => ({
    ...{ media, mediaId, name: `audit/${media}/${kind}` },
  }));
  const sets = await storage.knownSets(
    places.map(({ media, name }) => ({ media, cursor: name })),
    kind,
  );
  const group = smallOnes(
    places.flatMap((place, i): Audited[] => {
      const known = sets[i];
      return known === undefined ? [] : [{ ...place, known }];
    }),
    rows,
  );
  const outcome = await auditGroup(deps, { projectId, kind, group }, answers);
  return { outcome, taken: group.length };
}

function smallOnes(all: readonly Audited[], most: number): Audited[] {
  let rows = 0;
  return all.filter(({ known }, i) => (rows += known.count) <= most || i === 0);
}

/** Rows of the next audit: a round waits for it, and on a slow link the user's edits wait for the round. */
export function nextAuditRows(rows: number, ms: number): number {
  if (ms < quick) return Math.min(2 * rows, mostAuditRows);
  return ms > 5 * quick ? Math.max(Math.ceil(rows / 2), fewestAuditRows) : rows;
}

async function auditGroup(
  deps: SyncDeps,
  { projectId, kind, group }: { projectId: number; kind: AnnotationKind; group: readonly Audited[] },
  answers: KnownAnswers,
): Promise<PartOutcome> {
  const { storage } = deps;
  const name = `audit/${group.map(({ media }) => media).join('+')}/${kind}`;
  const mediaIds = group.map(({ mediaId }) => mediaId);
  const { sum, count } = together(group);
  const isOne = count <= mostAuditRows;
  // One row more than are known, so that a list that holds them all is also seen to be the last.
  const limit = isOne ? Math.max(rowsAtOnce, count + 1) : rowsAtOnce;
  const whole = sum === null ? null : digestOf(count, sum);
  const known = whole === null ? [] : isOne ? [{ after: 0, digest: whole }] : answers.of(name, whole);
  const query = { projectId, kind, mediaIds, allMarks: false, limit };
  const read = await readSet(deps, query, known);
  if (!read.ok) return stopped(read.failure);
  const { rows, lists } = read.value;
  if (rows === null) {
    for (const { name: cursor, known: one } of group) await noteClean(deps, answers, cursor, one);
    return done;
  }
  answers.forget(name);
  const rowsOf = byMedia(rows);
  let isAllKnown = true;
  for (const one of group) {
    const told = rowsOf.get(one.media) ?? [];
    rowsOf.delete(one.media);
    if (isSame(one.known, told) || (await storage.isKnown(one.media, kind, told))) {
      await noteClean(deps, answers, one.name, one.known);
      continue;
    }
    isAllKnown = false;
    answers.noteClean(one.name, false);
    await compare(deps, { ...one, kind }, told);
  }
  // Tracks whose first media is another one.
  const others = [...rowsOf.values()].flat();
  if (others.length > 0) await foldAll(deps, others, {});
  // The bytes of tracks do not say which elements their members are: those are told again each time.
  else if (isAllKnown && !isOne && kind !== 'state') {
    const told = sumOfPrints(rows.map(({ print }) => print));
    if (told !== null) answers.note(name, digestOf(rows.length, told), lists);
  }
  return done;
}

function together(group: readonly Audited[]): { sum: number | null; count: number } {
  let all: { sum: number | null; count: number } = { sum: 0, count: 0 };
  for (const { known } of group) {
    const sum = all.sum === null || known.sum === null ? null : addPrints(all.sum, known.sum);
    all = { sum, count: all.count + known.count };
  }
  return all;
}

function isSame({ sum, count }: KnownSet, told: readonly ServerRow[]): boolean {
  return sum !== null && count === told.length && sum === sumOfPrints(told.map(({ print }) => print));
}

/** The set is as it is known: what the audit before has missed was there after all. */
async function noteClean(
  { storage }: SyncDeps,
  answers: KnownAnswers,
  name: string,
  { cursor }: KnownSet,
): Promise<void> {
  if (!answers.isClean(name) && parseSuspects(cursor).size > 0) await storage.setCursor(name, {});
  answers.noteClean(name, true);
}

/** Lists come media by media: a look-up for each row would cost as much as its comparison. */
function byMedia(rows: readonly ServerRow[]): Map<MediaKey, ServerRow[]> {
  const rowsOf = new Map<MediaKey, ServerRow[]>();
  let media: MediaKey | null = null;
  let own: ServerRow[] = [];
  for (const row of rows) {
    if (row.media !== media) {
      media = row.media;
      own = rowsOf.get(media) ?? [];
      rowsOf.set(media, own);
    }
    own.push(row);
  }
  return rowsOf;
}

/** Takes over what the whole set of a media tells; a row that two audits in a row miss is gone. */
async function compare(
  deps: SyncDeps,
  { media, name, kind }: Audited & { kind: AnnotationKind },
  rows: ServerRow[],
): Promise<void> {
  const { storage } = deps;
  const listed = new Map(newestOfEach(rows).map((row) => [entityKey(row.ref), row]));
  const putBack = await foldAll(deps, [...listed.values()], {});
  const known = await storage.marksOf(media, kind);
  const before = parseSuspects(await storage.cursor(name));
  const suspects = known.filter(
    (row) => differs(row, listed.get(entityKey(row.ref))) || putBack.has(entityKey(row.ref)),
  );
  const agreed = suspects.filter((row) => before.get(entityKey(row.ref)) === row.rowId);
  const left = suspects.filter((row) => !agreed.includes(row));
  const cursors = { [name]: Object.fromEntries(left.map((row) => [entityKey(row.ref), row.rowId])) };
  if (agreed.length === 0 && left.length === 0 && before.size === 0) return;
  const context = mergeContext(deps);
  await storage.revise(
    agreed.map(({ ref }) => ({ ref, media })),
    (states) =>
      states.map((state) => {
        if (state.row === null || state.attempt !== null) return {};
        return rebase(state, listed.get(entityKey(state.row.ref)) ?? null, context);
      }),
    cursors,
  );
}

/**
 * The server shows nothing of it, an older mark (a newer one was removed there), or another row under
 * the same mark (its number was given away again).
 */
export function differs(known: RowMark, listed: ServerRow | undefined): boolean {
  if (listed === undefined || listed.mark < known.mark) return true;
  return listed.mark === known.mark && listed.rowId !== known.rowId;
}

/** The rows, and the lists that they came in; null for the rows where all lists are the known ones. */
async function readSet(
  { server }: Pick<SyncDeps, 'server'>,
  query: MarkQuery,
  known: readonly KnownList[],
): Promise<Answer<{ rows: ServerRow[] | null; lists: KnownList[] }>> {
  const rows: ServerRow[] = [];
  const lists: KnownList[] = [];
  /** Lists that are known and were not told again. */
  let skipped = 0;
  for (let after = 0; ;) {
    const expected = skipped === lists.length ? known[skipped] : undefined;
    const answer = await server.readMarksUnless({ ...query, after }, expected?.digest ?? null);
    if (!answer.ok) return answer;
    const { digest, rows: more } = answer.value;
    if (more === null) {
      skipped += 1;
      lists.push({ after, digest });
      const next = known[skipped];
      if (next === undefined) return { ok: true, value: { rows: null, lists } };
      after = next.after;
      continue;
    }
    // Something else is rare: what was skipped is read after all.
    if (skipped > 0) return readSet({ server }, query, []);
    rows.push(...more);
    lists.push({ after, digest });
    const last = more.at(-1);
    if (more.length < query.limit || last === undefined || last.rowId <= after)
      return { ok: true, value: { rows, lists } };
    after = last.rowId;
  }
}

function parseSuspects(value: Json): Map<EntityKey, number> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
  return new Map(
    Object.entries(value).flatMap(([key, rowId]) =>
      typeof rowId === 'number' ? [[key, rowId] as const] : [],
    ),
  );
}

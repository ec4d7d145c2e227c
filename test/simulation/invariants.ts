import { sameFields, sameValue } from '../../src/domain/compare.ts';
import { entityKey, type EntityKey } from '../../src/domain/identity.ts';
import { isSetField, membersOf, stateMembers } from '../../src/domain/member-set.ts';
import type { Fields } from '../../src/domain/fields.ts';
import { mediaRef, mediaRow, type Edit, type ServerRow } from '../../src/sync/ports.ts';
import { contentOf, visibleFields } from '../../src/store/overlay.ts';
import { seenValue } from './ledger.ts';
import type { States } from './device.ts';
import { denied } from './memberships.ts';
import type { Scene, Station } from './scene.ts';
import type { Mark, SimulatedTator } from './simulated-tator.ts';
import { isLeftToTheUser } from './waiting.ts';

/** Each returns what is wrong, in words; an empty list when the invariant holds. */
type Checker = (scene: Scene) => string[] | Promise<string[]>;

/** What was ever on the server of an element, also what was rewritten, pruned or lost by a restore. */
function everOf(tator: SimulatedTator, key: EntityKey): Mark[] {
  return [...tator.lost.filter(({ row }) => entityKey(row.ref) === key), ...tator.chain(key)];
}

function mediaContents(tator: SimulatedTator, key: EntityKey): Pick<Mark, 'row'>[] {
  return tator.toldOfMedia.flatMap((told) => {
    const media = tator.media.find((one) => one.key === told.key);
    const isIt = entityKey(mediaRef(told.key)) === key;
    return media !== undefined && isIt ? [{ row: { ...mediaRow(media), fields: told.fields } }] : [];
  });
}

const newNames: Record<string, string> = { 'attributes.Old': 'attributes.New' };

/** What of a user's work is still to be sent; of a deleted element that he may want to keep, all of it. */
function waiting(edit: Edit): Fields {
  return edit.op === 'edit' && edit.base?.deleted === true ? contentOf(edit) : edit.changes;
}

/** Whatever was acknowledged is on the server, in some mark, or still waits on the device. */
export async function noAcknowledgedEditLost({ stations, tator }: Scene): Promise<string[]> {
  const lost: string[] = [];
  for (const { ledger, device, user } of stations) {
    const states = await device.states();
    for (const [key, owed] of ledger.owed) {
      const edit = states.get(key)?.edit ?? null;
      const chain = key.startsWith('media/') ? mediaContents(tator, key) : everOf(tator, key);
      if (owed === null) {
        const isGone =
          tator.current(key) === null ||
          // There was nothing to delete; a restore has brought it back since.
          tator.everPruned.has(key) ||
          chain.some((mark) => mark.row.deleted || isPruned(mark) || isGhost(mark)) ||
          // A restore had taken it away, so there was nothing to delete; then another user made it anew: he was
          // asked whether his edit of it shall stand, or it is the one who had made it, and had no answer.
          (tator.lost.some(({ row }) => entityKey(row.ref) === key) &&
            (stations.some((other) => other.user !== user && other.ledger.revived.has(key)) ||
              tator
                .chain(key)
                .some(({ made, over, posted }) => posted && over === null && made.modifiedBy !== user)));
        if (!isGone && edit?.op !== 'delete') lost.push(`user ${user}: delete of ${key}`);
        continue;
      }
      for (const field in owed) {
        const value = owed[field];
        const isThere = chain.some(
          ({ row }) =>
            sameValue(row.fields[field], value) || sameValue(row.fields[newNames[field] ?? field], value),
        );
        if (isThere || (edit !== null && sameValue(waiting(edit)[field], value))) continue;
        // Sets merge by element: each must have arrived, or wait.
        const seen = [...chain.map(({ row }) => row.fields[field]), edit && waiting(edit)[field]].flatMap(
          (set) => membersOf(set ?? undefined),
        );
        if (isSetField(field) && membersOf(value).every((id) => seen.includes(id))) continue;
        lost.push(`user ${user}: ${field}=${JSON.stringify(value)} of ${key}`);
      }
    }
  }
  return lost.map((what) => `no acknowledged edit is lost: ${what}`);
}

/**
 * No request was carried out twice: no device writes the same content over its own. (What others had made
 * of its row in place, as a delete without a trace, is not its own.)
 */
const nothingTwice: Checker = ({ tator, stations }) =>
  tator.log.flatMap(({ made: row, over, overMade, ghost, partial }) =>
    !ghost &&
    !partial &&
    over !== null &&
    over === overMade &&
    stations.some(({ user }) => user === row.modifiedBy) &&
    over.modifiedBy === row.modifiedBy &&
    over.deleted === row.deleted &&
    sameFields(over.fields, row.fields) &&
    !hasGhost(tator, row)
      ? [nameOf(row)]
      : [],
  );

/**
 * A create is not sent again while the first may still be at work: the engine waits as long as the server
 * has said, or sends it under its key. (A clock that jumps can make it wait too short.)
 */
const nothingAgainTooEarly: Checker = ({ tator, waits }) =>
  tator.log.flatMap(({ made: row, over, late, posted }) => {
    if (!waits || !late || !posted || over?.deleted !== false) return [];
    const isSecond = tator
      .chain(entityKey(row.ref))
      .some((one) => one.posted && !one.ghost && one.made.modifiedBy === row.modifiedBy);
    return isSecond ? [nameOf(row)] : [];
  });

/** One current row per elemental id and version, and one media per elemental id. */
const oneVisibleRow: Checker = ({ refs, tator }) => {
  const twins = refs.map(entityKey).filter((key) => {
    const current = tator.current(key);
    const marks = tator.chain(key).filter(({ pruned }) => !pruned);
    const visible = marks.filter(({ row }) => row.mark === current?.mark);
    return visible.length > 1 && !marks.some(({ ghost }) => ghost);
  });
  const medias = new Set(tator.media.map(({ key }) => key));
  return [...twins, ...(medias.size === tator.media.length ? [] : ['a media twice'])];
};

/** A tombstone is followed by a living mark only where a person has asked for it. */
const nothingDeletedComesBack: Checker = ({ tator, stations }) =>
  tator.log.flatMap(({ made: row, over, read, ghost }) => {
    const station = stations.find(({ user }) => user === row.modifiedBy);
    if (ghost || station === undefined || over?.deleted !== true || row.deleted) return [];
    // A PATCH that read before the delete and wrote after it: nobody but the server could prevent it.
    if (read?.deleted === false) return [];
    return stations.some(({ ledger }) => ledger.revived.has(entityKey(row.ref))) ? [] : [nameOf(row)];
  });

/** A device deletes only what its user has deleted. */
const nothingDeletedUnasked: Checker = ({ tator, stations }) =>
  tator.log.flatMap(({ made: row }) => {
    const station = stations.find(({ user }) => user === row.modifiedBy);
    if (station === undefined || !row.deleted || station.ledger.removed.has(entityKey(row.ref))) return [];
    const key = entityKey(row.ref);
    // A PATCH of a tombstone stays deleted: somebody else deleted it.
    return tator.chain(key).some((mark) => mark.row.deleted && mark.made !== row) ? [] : [nameOf(row)];
  });

/** ms; others who change a track just before a delete arrives are a race that nobody but the server could prevent. */
const justBefore = 60_000;

/** A track that a device deletes takes nothing along. */
const nothingGoesAlong: Checker = ({ tator, stations }) =>
  tator.takenAlong.flatMap(({ member, track: { made, ghost }, asker, at }) => {
    const isOurs = stations.some(({ user }) => user === asker.user);
    const age = at - Date.parse(made.modifiedAt);
    const isRaced = made.modifiedBy !== asker.user && age < justBefore;
    return !isOurs || asker.ghost || ghost || isRaced ? [] : [`${member} with ${nameOf(made)}`];
  });

/** When the faults have stopped, all see what the server has; but for what it refused. */
const allConverge: Checker = async ({ refs, tator, stations }) => {
  const wrong: string[] = [];
  for (const { device, user } of stations) {
    const states = await device.states();
    for (const ref of refs) {
      const key = entityKey(ref);
      const state = states.get(key);
      if (state !== undefined && isLeftToTheUser(state, states)) continue;
      const current = tator.current(key);
      const theirs = current === null || current.deleted ? null : current.fields;
      const mine = state === undefined ? null : visibleFields(state);
      const isSame = mine === null || theirs === null ? mine === theirs : sameFields(mine, theirs);
      if (!isSame)
        wrong.push(`user ${user}: ${key} ${JSON.stringify(mine)} against ${JSON.stringify(theirs)}`);
    }
    for (const media of tator.media) {
      const state = states.get(entityKey(mediaRef(media.key)));
      if (state?.edit?.status.kind === 'parked') continue;
      const mine = state === undefined ? null : visibleFields(state);
      if (mine === null || !sameFields(mine, mediaRow(media).fields))
        wrong.push(`user ${user}: media ${media.key} ${JSON.stringify(mine)}`);
    }
  }
  return wrong;
};

/** A value of somebody else is replaced only by one who had seen it. */
const noForeignClobber: Checker = ({ tator, stations }) =>
  tator.log.flatMap((mark) => {
    const { made: row, read, ghost } = mark;
    const station = stations.find(({ user }) => user === row.modifiedBy);
    if (station === undefined || ghost || read === null || row.deleted || read.deleted) return [];
    const key = entityKey(row.ref);
    return Object.keys(read.fields).flatMap((field) => {
      const value = read.fields[field];
      if (sameValue(value, row.fields[field])) return [];
      if (station.ledger.seen.has(seenValue(key, field, value)) || isUntold(tator, read, field)) return [];
      const ever = everOf(tator, key);
      const first = ever.find((one) => sameValue(one.row.fields[field], value));
      // Another had replaced it, and a race had hidden that: it is put back.
      const isPutBack = ever.some(
        (one) =>
          one.made.modifiedBy !== station.user &&
          sameValue(one.read?.fields[field], value) &&
          sameValue(one.made.fields[field], row.fields[field]),
      );
      return isPutBack || first?.row.modifiedBy === station.user ? [] : [`${field} of ${nameOf(row)}`];
    });
  });

/** What a race has hidden shows again, or its user was asked about it. */
const nothingStaysHidden: Checker = ({ tator, stations }) =>
  tator.log.flatMap((mark, i) => {
    const { made: row, over, read, ghost, pruned } = mark;
    const station = stations.find(({ user }) => user === row.modifiedBy);
    if (station === undefined || ghost || pruned || over === null || read === null || over === read)
      return [];
    if (over.deleted || row.deleted || over.mark <= read.mark) return [];
    const key = entityKey(row.ref);
    // The user saw it repaired and deleted the element; that others kept it was his decision as well.
    if (station.ledger.removed.has(key)) return [];
    return Object.keys(over.fields).flatMap((field) => {
      const value = over.fields[field];
      if (sameValue(value, read.fields[field]) || station.ledger.touched.get(key)?.has(field)) return [];
      // Written in place between what the request read and what it wrote: no mark tells of it.
      if (isUntold(tator, over, field)) return [];
      // Written into both marks in place, as the default of a new attribute: they do not differ any more.
      const base = tator.log.find((one) => one.row.rowId === read.rowId)?.row;
      if (base !== undefined && base !== read && sameValue(base.fields[field], value)) return [];
      const later = tator.log.slice(i + 1).filter((one) => entityKey(one.row.ref) === key);
      return later.some((one) => !sameValue(one.row.fields[field], row.fields[field]) || one.row.deleted)
        ? []
        : [`${field} of ${nameOf(over)}`];
    });
  });

/** What its user has taken back does not stand on the server, unless others have put it there, or he is asked. */
const nothingTakenBackStands: Checker = async ({ tator, stations }) => {
  const wrong: string[] = [];
  for (const { ledger, device, user } of stations) {
    const states = await device.states();
    const takenBack = [...ledger.takenBack].flatMap(([key, fields]) =>
      [...fields].map(([field, value]) => ({ key, field, value })),
    );
    for (const { key, field, value } of takenBack) {
      const current = tator.current(key);
      const state = states.get(key);
      if (current === null || current.deleted || isSetField(field)) continue;
      if (!sameValue(current.fields[field], value) || (state && isLeftToTheUser(state, states))) continue;
      // Whoever made it, and whoever put it there last, is its user.
      const [first] = everOf(tator, key).filter(({ row }) => sameValue(row.fields[field], value));
      const last = tator.log.findLast(
        ({ made, read }) =>
          entityKey(made.ref) === key && !sameValue(read?.fields[field], made.fields[field]),
      );
      if (first?.made.modifiedBy !== user || last?.made.modifiedBy !== user) continue;
      // It had arrived; others have pruned it since. Or the value came late, after it had been found absent.
      if (!sameValue(last.made.fields[field], value) || last.ghost) continue;
      // Others have rewritten its mark in place: it could no longer be told to be that of his request.
      if (last.row !== last.made) continue;
      // It had been taken back, and the server was restored to a time before that.
      const isUndone = tator.lost.some(
        ({ made }) =>
          entityKey(made.ref) === key && made.mark > last.made.mark && !sameValue(made.fields[field], value),
      );
      if (isUndone) continue;
      // He deleted it, and another chose to keep it as he had seen it.
      if (ledger.removed.has(key)) continue;
      wrong.push(`user ${user}: ${field}=${JSON.stringify(value)} of ${key}`);
    }
  }
  return wrong;
};

/** A device changes only those fields that its user has changed; what it repairs it had hidden itself. */
const untouchedFieldsIdentical: Checker = ({ tator, stations }) =>
  tator.log.flatMap(({ made: row, read, ghost }) => {
    const station = stations.find(({ user }) => user === row.modifiedBy);
    if (station === undefined || ghost || read === null || read.deleted || row.deleted) return [];
    const key = entityKey(row.ref);
    const touched = station.ledger.touched.get(key);
    const changed = [...new Set([...Object.keys(row.fields), ...Object.keys(read.fields)])].filter(
      (field) => touched?.has(field) !== true && !sameValue(row.fields[field], read.fields[field]),
    );
    return changed
      .filter(
        (field) =>
          // Its members are taken out of a track that its user deletes, and back in where he keeps it
          // (`keptWithItsMembers`).
          !(isSetField(field) && station.ledger.removed.has(key)) &&
          !everOf(tator, key).some(
            (one) => sameValue(one.row.fields[field], row.fields[field]) && one.row !== row,
          ),
      )
      .map((field) => `${field} of ${nameOf(row)}`);
  });

/** A track that is there in the end has the members that were taken out for its delete, unless others took them. */
const keptWithItsMembers: Checker = async ({ tator, stations }) => {
  const wrong: string[] = [];
  for (const { user, device, ledger } of stations) {
    const states = await device.states();
    for (const [i, { row, made, read, ghost }] of tator.log.entries()) {
      const key = entityKey(made.ref);
      const current = tator.current(key);
      if (made.modifiedBy !== user || ghost || current === null || current.deleted) continue;
      // Rewritten in place by others: it may no longer be told to be that of his request.
      if (read === null || read.deleted || row !== made) continue;
      if (!ledger.removed.has(key)) continue;
      const state = states.get(key);
      if (state !== undefined && isLeftToTheUser(state, states)) continue;
      const later = tator.log.slice(i + 1).filter(({ row }) => entityKey(row.ref) === key);
      // Made again by somebody who has never seen it with these members.
      const maker = later.findLast((one) => one.over?.deleted === true && !one.made.deleted)?.made.modifiedBy;
      const seen = stations.find((one) => one.user === maker)?.ledger.seen;
      const asItWas = seenValue(key, 'localizations', read.fields.localizations);
      if (maker !== undefined && maker !== user && seen?.has(asItWas) !== true) continue;
      wrong.push(
        ...lostMembers(read, made)
          .filter((id) => !stateMembers(current.fields).includes(id))
          // A server drops members that are gone.
          .filter((elementalId) =>
            tator.isLive(entityKey({ ...made.ref, kind: 'localization', elementalId })),
          )
          .filter((id) => !later.some((one) => one.made.modifiedBy !== user && takes(one, id)))
          .map((id) => `user ${user}: ${id} of ${nameOf(made)}`),
      );
    }
  }
  return wrong;
};

function lostMembers(before: ServerRow, after: ServerRow): string[] {
  const left = stateMembers(after.fields);
  return stateMembers(before.fields).filter((id) => !left.includes(id));
}

function takes({ over, read, made }: Mark, id: string): boolean {
  return [over, read].some((before) => before !== null && lostMembers(before, made).includes(id));
}

/** At rest nothing is unsynced but what was refused, and nothing is in doubt. */
const theCountIsTheTruth: Checker = async ({ stations }) => {
  const wrong: string[] = [];
  for (const { device, user } of stations) {
    const states = await device.states();
    for (const { edit, attempt, conflicts } of states.values()) {
      const isDone = edit === null || isLeftToTheUser({ edit }, states);
      if (attempt !== null || !isDone)
        wrong.push(`user ${user}: ${JSON.stringify({ edit, attempt, conflicts: conflicts.length })}`);
    }
  }
  return wrong;
};

/** Only what the server refuses is parked, or what it does not store as it was sent. */
const onlyPoisonIsParked: Checker = async ({ stations, tator }) => {
  const wrong: string[] = [];
  for (const { device, user } of stations) {
    for (const { edit } of (await device.states()).values()) {
      if (edit?.status.kind !== 'parked') continue;
      const isRefused = ([field, value]: [string, unknown]): boolean =>
        tator.refuses(field) || field === 'localizations' || String(value).includes("'");
      if (Object.entries(edit.changes).some(isRefused)) continue;
      wrong.push(`user ${user}: ${edit.key} ${JSON.stringify(edit)}`);
    }
  }
  return wrong;
};

/** What a device knows of a project at the beginning of a round in which it is not listed; null where it is. */
export async function rowsWhileHidden(
  { memberships }: Scene,
  { user, device }: Station,
): Promise<EntityKey[] | null> {
  if (memberships.of(user).label !== null) return null;
  return rowsOf(await device.states());
}

/** After a round: nothing is parked for want of a permission, and what a hidden project has is kept. */
export async function brokenByPermission(
  { memberships }: Scene,
  { user, device }: Station,
  before: EntityKey[] | null,
): Promise<string[]> {
  if (!memberships.changed) return [];
  const states = await device.states();
  const parked = [...states.values()].flatMap(({ edit }) =>
    edit?.status.kind === 'parked' && edit.status.reason === denied
      ? [`nothing is parked for want of a permission: user ${user}: ${edit.key}`]
      : [],
  );
  const known = new Set(rowsOf(states));
  const dropped = memberships.of(user).label === null && before !== null ? before : [];
  return [
    ...parked,
    ...dropped
      .filter((key) => !known.has(key))
      .map((key) => `a hidden project is kept: user ${user}: ${key}`),
  ];
}

function rowsOf(states: States): EntityKey[] {
  return [...states].flatMap(([key, { row }]) => (row === null ? [] : [key]));
}

export const invariants: Record<string, Checker> = {
  'nothing is carried out twice': nothingTwice,
  'nothing is sent again too early': nothingAgainTooEarly,
  'one visible row per elemental id and version': oneVisibleRow,
  'nothing deleted comes back': nothingDeletedComesBack,
  'nothing is deleted unasked': nothingDeletedUnasked,
  'nothing goes with a deleted track': nothingGoesAlong,
  'all converge': allConverge,
  'no foreign clobber': noForeignClobber,
  'nothing stays hidden': nothingStaysHidden,
  'nothing that was taken back stands': nothingTakenBackStands,
  'untouched fields are identical': untouchedFieldsIdentical,
  'a kept track has its members': keptWithItsMembers,
  'the unsynced count is the truth': theCountIsTheTruth,
  'only what is refused is parked': onlyPoisonIsParked,
};

/** All that is wrong at the end of a schedule, and all that went wrong while it ran. */
export async function violations(scene: Scene): Promise<string[]> {
  const found = [...scene.problems, ...(await noAcknowledgedEditLost(scene))];
  for (const [name, check] of Object.entries(invariants))
    found.push(...(await check(scene)).map((what) => `${name}: ${what}`));
  return found;
}

/**
 * The value came under a mark that had another content before: rewritten in place, or its number given
 * away again after a prune or a restore. A PATCH that names the mark passes, and cannot tell.
 */
function isUntold(tator: SimulatedTator, { ref, mark, fields }: Mark['row'], field: string): boolean {
  return everOf(tator, entityKey(ref)).some(({ row, made }) =>
    [row, made].some((one) => one.mark === mark && !sameValue(one.fields[field], fields[field])),
  );
}

/** A create that comes after its element was found absent and its deletion settled: a limit, see docs/sync-limits.md. */
function isGhost(mark: Pick<Mark, 'row'> & Partial<Mark>): boolean {
  return mark.ghost === true;
}

function isPruned(mark: Pick<Mark, 'row'> & Partial<Mark>): boolean {
  return mark.pruned === true;
}

function hasGhost(tator: SimulatedTator, row: Mark['row']): boolean {
  return tator.chain(entityKey(row.ref)).some(({ ghost }) => ghost);
}

function nameOf({ ref, mark, modifiedBy }: Mark['row']): string {
  return `${entityKey(ref)} mark ${mark} by ${modifiedBy}`;
}

import type { Caller } from '../access/access.ts';
import { requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { ok, type Answer } from '../call.ts';
import type { Db } from '../db/database.ts';
import { badRequest, notFound } from '../errors.ts';
import { appendMarks, lockChains, rowOfChain, rowsByIds } from './chains.ts';
import { childrenOfLocalizations } from './children.ts';
import { findRow } from './reading.ts';
import type { StateRow } from './rows.ts';
import { segmentsOf } from './segments.ts';
import { appendTombstones, draftOf } from './writing.ts';

interface TrackEdit {
  caller: Caller;
  id: number;
  now: number;
}

/**
 * Moves the members of another track into this one and deletes the other. Both changes are marks (the
 * original changes this row in place and removes the other without a trace).
 */
export async function mergeTracks(
  db: Db,
  { caller, id, now, other }: TrackEdit & { other: number },
): Promise<Answer> {
  await db.transaction().execute(async (tx) => {
    const seen = [await findRow(tx, 'states', { id }), await findRow(tx, 'states', { id: other })];
    for (const row of seen) await requireProject(tx, caller, row.project, level.edit);
    await lockChains(tx, 'states', seen);
    const [into, from] = await Promise.all(seen.map((row) => rowOfChain(tx, 'states', row)));
    if (!into || !from) throw notFound('There is no such state.');
    if (into.project !== from.project) throw badRequest('The states belong to different projects.');
    if (into.elemental_id === from.elemental_id && into.version === from.version) {
      throw badRequest('A state cannot be merged with itself.');
    }
    const members = [...new Set([...into.localizations, ...from.localizations])];
    const rows = await rowsByIds(tx, 'localizations', members);
    const merged: StateRow = {
      ...into,
      localizations: members,
      media: [...new Set([...into.media, ...from.media])],
      segments: segmentsOf(rows.map((row) => row.frame)),
      modified_by: caller.id,
      modified_datetime: new Date(now),
    };
    await appendMarks(tx, 'states', [draftOf<'states'>(merged)]);
    await appendTombstones(tx, 'states', [from], { caller, now });
  });
  return ok({ message: `Localizations of state ${other} successfully merged into state ${id}!` });
}

/** Keeps the members from a frame on (`start`) or up to it (`end`); the others are deleted where nothing else holds them. */
export async function trimTrack(
  db: Db,
  { caller, id, now, frame, endpoint }: TrackEdit & { frame: number; endpoint: string },
): Promise<Answer> {
  await db.transaction().execute(async (tx) => {
    const seen = await findRow(tx, 'states', { id });
    await requireProject(tx, caller, seen.project, level.edit);
    await lockChains(tx, 'states', [seen]);
    const track = await rowOfChain(tx, 'states', seen);
    if (!track) throw notFound('There is no such state.');
    const rows = await rowsByIds(tx, 'localizations', track.localizations);
    const stays = (at: number | null): boolean =>
      endpoint === 'start' ? (at ?? 0) >= frame : (at ?? 0) <= frame;
    const kept = rows.filter((row) => stays(row.frame));
    const trimmed: StateRow = {
      ...track,
      localizations: track.localizations.filter((member) => kept.some((row) => row.id === member)),
      segments: segmentsOf(kept.map((row) => row.frame)),
      modified_by: caller.id,
      modified_datetime: new Date(now),
    };
    await appendMarks(tx, 'states', [draftOf<'states'>(trimmed)]);
    const dropped = rows.filter((row) => !stays(row.frame)).map((row) => row.id);
    await childrenOfLocalizations(tx, dropped, { caller, now });
  });
  return ok({ message: `State ${id} successfully trimmed!` });
}

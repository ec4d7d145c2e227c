import { must } from '../base/assert.ts';
import { done, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import type { Attempt, Edit, Failure, MediaSpec, Place, ServerMedia } from './ports.ts';
import { park } from './settle.ts';

/**
 * Creates on the server the medias that exist only here. No POST of a media is repeatable, so each
 * is looked up by its elemental id before it is made, every time.
 */
export async function pushMedia(deps: SyncDeps, projectId: number): Promise<PartOutcome> {
  const outbox = await deps.storage.outbox(projectId);
  for (const { edit } of outbox) {
    if (edit?.ref.kind !== 'media' || edit.status.kind === 'parked') continue;
    const failure = await pushOne(deps, projectId, edit);
    if (failure !== null) return stopped(failure);
  }
  return done;
}

async function pushOne(deps: SyncDeps, projectId: number, edit: Edit): Promise<Failure | null> {
  const { server } = deps;
  const there = await findOne(deps, projectId, edit);
  if (there !== 'absent') return there;
  const place = { ref: edit.ref, media: edit.media };
  await writeAttempt(deps, place, edit);
  const answer = await server.createMedia(projectId, specOf(edit));
  if (answer.ok) {
    const found = await findOne(deps, projectId, edit);
    return found === 'absent' ? null : found;
  }
  const { failure } = answer;
  if (failure.kind === 'rejected' || failure.kind === 'forbidden' || failure.kind === 'not-found') {
    const reason = 'message' in failure ? failure.message : failure.kind;
    const parked = { reason, revision: edit.revision, now: deps.clock.now() };
    await deps.storage.revise([place], (states) => states.map((state) => park(state, parked)));
    return null;
  }
  await deps.storage.revise([place], (states) =>
    states.map(({ attempt }) =>
      attempt === null ? {} : { attempt: { ...attempt, state: 'in-doubt' as const } },
    ),
  );
  return failure;
}

/** Confirms the media if the server has it: null then; else why it could not be asked, or `absent`. */
async function findOne(
  { server, storage }: SyncDeps,
  projectId: number,
  edit: Edit,
): Promise<Failure | null | 'absent'> {
  const found = await server.findMedia(projectId, edit.ref.elementalId);
  if (!found.ok) return found.failure;
  const first = found.value.reduce<ServerMedia | null>(
    (a, b) => (a === null || b.serverId < a.serverId ? b : a),
    null,
  );
  if (first === null) return 'absent';
  await storage.confirmMedia(edit.media, first);
  return null;
}

async function writeAttempt({ storage, clock, makeId }: SyncDeps, place: Place, edit: Edit): Promise<void> {
  const { key, revision, changes } = edit;
  const at = clock.now();
  const attempt: Attempt = {
    id: makeId(),
    key,
    revision,
    intent: 'create',
    baseMark: null,
    sent: changes,
    state: 'sent',
    at,
  };
  await storage.revise([place], () => [{ attempt }]);
}

function specOf({ ref, type, changes }: Edit): MediaSpec {
  const { section_id: sectionId, ...fields } = changes;
  return {
    elementalId: must(ref.elementalId),
    type,
    sectionId: typeof sectionId === 'number' ? sectionId : null,
    fields,
  };
}

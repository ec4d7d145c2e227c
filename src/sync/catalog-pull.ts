import type { Project } from '../domain/entity-types.ts';
import { catalogKinds } from '../domain/identity.ts';
import { settleCatalog } from './catalog-read.ts';
import { done, inBatches, settleContext, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { settleMedia } from './media-settle.ts';
import { settleMedias } from './media-push.ts';
import type { Place, ServerMedia } from './ports.ts';

const mediaAtOnce = 1000;
const mediaByIdsAtOnce = 500;

/** Types, versions, sections, vocabulary, people and the user's own lists of a project. None of them has a clock: all are read. */
export async function pullCatalog(deps: SyncDeps, project: Project): Promise<PartOutcome> {
  const answer = await deps.server.readCatalog(project);
  if (!answer.ok) return stopped(answer.failure);
  await deps.storage.saveCatalog(answer.value);
  await settleCatalog(deps, project.id, { kinds: catalogKinds, answered: false });
  return done;
}

/** The whole list of medias: edits of a media move no clock, so it is compared. */
export async function pullMedia(deps: SyncDeps, projectId: number): Promise<PartOutcome> {
  const { server, storage } = deps;
  const medias: ServerMedia[] = [];
  for (let after = 0; ;) {
    const answer = await server.readMedia({ projectId, after, limit: mediaAtOnce });
    if (!answer.ok) return stopped(answer.failure);
    medias.push(...answer.value);
    const last = answer.value.at(-1);
    if (answer.value.length < mediaAtOnce || last === undefined || last.serverId <= after) break;
    after = last.serverId;
  }
  await storage.putServerMedia(projectId, medias, { complete: true });
  await rebaseDirty(deps, projectId, medias);
  return done;
}

/** These medias of the project, by their server ids; what is gone of them stays known until the whole list is read. */
export async function pullMediaByIds(
  deps: SyncDeps,
  projectId: number,
  serverIds: readonly number[],
): Promise<PartOutcome> {
  const { server, storage } = deps;
  for (const batch of inBatches(serverIds, mediaByIdsAtOnce)) {
    const answer = await server.readMediaByIds(projectId, batch);
    if (!answer.ok) return stopped(answer.failure);
    await storage.putServerMedia(projectId, answer.value, { complete: false });
    const dirty = new Set((await dirtyMedias(deps, projectId)).map(({ media }) => media));
    await settleMedias(
      deps,
      answer.value.filter(({ key }) => dirty.has(key)),
    );
  }
  return done;
}

async function dirtyMedias({ storage }: SyncDeps, projectId: number): Promise<Place[]> {
  return (await storage.outbox(projectId)).flatMap(({ edit }) =>
    edit?.ref.kind === 'media' ? [{ ref: edit.ref, media: edit.media }] : [],
  );
}

/** The user's work on medias, over what was listed. */
async function rebaseDirty(deps: SyncDeps, projectId: number, medias: ServerMedia[]): Promise<void> {
  const dirty = await dirtyMedias(deps, projectId);
  if (dirty.length === 0) return;
  const listed = new Map(medias.map((media) => [media.key, media]));
  await settleMedias(
    deps,
    dirty.flatMap(({ media }) => listed.get(media) ?? []),
  );
  const context = { ...settleContext(deps), answered: false };
  await deps.storage.revise(
    dirty.filter(({ media }) => !listed.has(media)),
    (states) =>
      states.map((state) => (state.row?.deleted === true ? settleMedia(state, state.row, context) : {})),
  );
}

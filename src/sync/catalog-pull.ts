import type { Project } from '../domain/entity-types.ts';
import { done, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import type { Answer, ServerMedia } from './ports.ts';

const mediaAtOnce = 1000;

/** The projects of the account; also the test whether the server is there. */
export async function pullProjects({ server, storage }: SyncDeps): Promise<Answer<Project[]>> {
  const answer = await server.readProjects();
  if (answer.ok) await storage.saveProjects(answer.value);
  return answer;
}

/** Types, versions, sections, vocabulary and people of a project. None of them has a clock: all are read. */
export async function pullCatalog({ server, storage }: SyncDeps, project: Project): Promise<PartOutcome> {
  const answer = await server.readCatalog(project);
  if (!answer.ok) return stopped(answer.failure);
  await storage.saveCatalog(answer.value);
  return done;
}

/** The whole list of medias: edits of a media move no clock, so it is compared. */
export async function pullMedia({ server, storage }: SyncDeps, projectId: number): Promise<PartOutcome> {
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
  return done;
}

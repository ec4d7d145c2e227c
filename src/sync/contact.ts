import type { Project } from '../domain/entity-types.ts';
import type { SyncDeps } from './deps.ts';
import type { Answer } from './ports.ts';

/** The projects of the account; also the test whether the server is there. */
export async function pullProjects({ server, storage, permissions }: SyncDeps): Promise<Answer<Project[]>> {
  const answer = await server.readProjects();
  if (!answer.ok) return answer;
  await storage.saveProjects(answer.value);
  permissions.learn(answer.value);
  return answer;
}

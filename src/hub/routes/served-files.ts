import type { FastifyInstance } from 'fastify';
import { requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { callerOf, noCredentials } from '../access/tokens.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import { servedKey } from '../files/served-files.ts';
import { contentTypeOf, sendObject } from '../objects/send-object.ts';

/** `/media/<project>/<name>`: files that the members of a project fetch with their token. */
export function servedFileRoutes(app: FastifyInstance, { db, objects }: HubDeps): void {
  app.get<{ Params: { project: string; name: string } }>('/media/:project/:name', async (request, reply) => {
    const caller = await callerOf(db, request.headers.authorization);
    if (!caller) throw badRequest(noCredentials);
    const id = Number(request.params.project);
    if (!Number.isInteger(id)) throw badRequest('A project is named by its number.');
    const { project } = await requireProject(db, caller, id, level.view);
    const { name } = request.params;
    // A page is a member's, not the hub's: it may run, but not in the hub's name.
    reply
      .type(/\.html?$/i.test(name) ? 'text/html; charset=utf-8' : contentTypeOf(name))
      .header('content-security-policy', 'sandbox allow-scripts')
      .header('x-content-type-options', 'nosniff');
    return sendObject(objects, servedKey(project, name), request, reply);
  });
}

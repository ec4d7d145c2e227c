import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { openApiDocument } from '../../contract/openapi.ts';
import { operationList } from '../../contract/table.ts';
import { requireProject, type Caller } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { callerOf, noCredentials } from '../access/tokens.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden } from '../errors.ts';
import { announce } from '../mail/announcements.ts';
import { projectOfKey } from '../objects/keys.ts';
import { changeFeedRoutes } from './change-feed.ts';
import { pageRoutes } from './pages.ts';

const VERSION = '0.1.0';
const LONGEST_SIGNATURE_SECONDS = 604_800;

interface PartsQuery {
  Params: { project: string };
  Querystring: { key?: string; upload_id?: string; parts?: string; expiration?: string };
}

/** The hub's own operations, below `/rest/TidemarkHub`. */
export function extensionRoutes(app: FastifyInstance, deps: HubDeps, served: readonly string[]): void {
  const { db, objects, signer, clock, settings } = deps;
  const offered = settings.extensions;

  /** Lets a client find out what it talks to; needs no token. */
  app.get('/rest/TidemarkHub', async () => ({
    version: VERSION,
    extensions: [...offered].sort(),
    operations: served.length,
  }));

  /** The OpenAPI document; where the original serves YAML, this is JSON, which every YAML reader takes. */
  const document = openApiDocument(operationList, {
    title: 'Tidemark hub',
    version: VERSION,
    servers: ['/'],
  });
  const schema = JSON.stringify(document);
  app.register(async (scope) => pageRoutes(scope, deps, document));
  const etag = `"${createHash('sha256').update(schema).digest('hex').slice(0, 32)}"`;
  for (const url of ['/schema', '/schema/']) {
    app.get(url, async (request, reply) => {
      reply.header('etag', etag);
      if (request.headers['if-none-match'] === etag) return reply.status(304).send();
      return reply.type('application/vnd.oai.openapi').send(schema);
    });
  }

  /** Tells everybody something, `{markdown, hours?}`; for staff. The protocol itself has no way to. */
  if (offered.has('announcements'))
    app.post<{ Body: unknown }>('/rest/TidemarkHub/Announcements', async (request, reply) => {
      const caller = await callerOf(db, request.headers.authorization);
      if (!caller) throw badRequest(noCredentials);
      if (!caller.isStaff) throw forbidden();
      const announcement = await announce(db, request.body, clock.now());
      return reply.status(201).send(announcement);
    });

  changeFeedRoutes(app, deps);

  /** Parts that have arrived: `[{PartNumber, ETag, Size}]`. */
  if (offered.has('list-parts'))
    app.get<PartsQuery>('/rest/TidemarkHub/Parts/:project', async (request) => {
      const { key, uploadId } = await checked(request);
      const parts = await objects.listParts(key, uploadId);
      return parts.map(({ number, etag, size }) => ({ PartNumber: number, ETag: etag, Size: size }));
    });

  /** New URLs for parts of a running upload: `{urls: {"<number>": url}}`. */
  if (offered.has('sign-parts'))
    app.get<PartsQuery>('/rest/TidemarkHub/SignParts/:project', async (request) => {
      const { key, uploadId } = await checked(request);
      await objects.listParts(key, uploadId);
      const lifetime = Math.min(Number(request.query.expiration ?? 86_400) || 0, LONGEST_SIGNATURE_SECONDS);
      const expires = Math.floor(clock.now() / 1000) + lifetime;
      const origin = settings.publicUrl ?? `${request.protocol}://${request.host}`;
      const urls = (request.query.parts ?? '')
        .split(',')
        .map(Number)
        .map((part) => {
          if (!Number.isInteger(part) || part < 1 || part > 10_000)
            throw badRequest('"parts" must be a comma list of 1 to 10000.');
          return [
            part,
            origin + signer.sign({ method: 'PUT', key, expires, upload: { id: uploadId, part } }),
          ];
        });
      return { urls: Object.fromEntries(urls) as Record<string, string> };
    });

  async function checked(
    request: FastifyRequest<PartsQuery>,
  ): Promise<{ caller: Caller; key: string; uploadId: string }> {
    const caller = await callerOf(db, request.headers.authorization);
    if (!caller) throw badRequest(noCredentials);
    const project = Number(request.params.project);
    if (!Number.isInteger(project)) throw badRequest('The project must be an id.');
    await requireProject(db, caller, project, level.transfer);
    const { key = '', upload_id: uploadId = '' } = request.query;
    if (projectOfKey(key) !== project) throw forbidden('The key belongs to another project.');
    await objects.requireUpload(key, uploadId);
    return { caller, key, uploadId };
  }
}

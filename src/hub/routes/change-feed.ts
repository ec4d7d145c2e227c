import type { FastifyInstance } from 'fastify';
import { Readable } from 'node:stream';
import { requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { callerOf, noCredentials } from '../access/tokens.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, HubError } from '../errors.ts';
import { readFeed } from '../feed/change-feed.ts';
import { eventStream } from '../feed/event-stream.ts';

const DEFAULT_LIMIT = 500;
const LARGEST_LIMIT = 5000;

/** Streams that may be open at once: each looks into the database every second. */
const MOST_STREAMS = 100;

/** `/rest/TidemarkHub/Changes/{project}?cursor=&limit=`: what changed since the cursor was given; `/Events/{project}`:
 * the same as it happens, with the progress of transcodes. */
export function changeFeedRoutes(app: FastifyInstance, { db, report, settings }: HubDeps): void {
  const offered = settings.extensions;
  if (offered.has('change-feed'))
    app.get<{ Params: ProjectParams; Querystring: { cursor?: string; limit?: string } }>(
      '/rest/TidemarkHub/Changes/:project',
      async ({ params, query, headers }) => {
        const project = await readable(params, headers.authorization);
        const limit = Number(query.limit ?? DEFAULT_LIMIT);
        if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_LIMIT)
          throw badRequest(`"limit" is a number from 1 to ${LARGEST_LIMIT}.`);
        return readFeed(db, { project, cursor: query.cursor || undefined, limit });
      },
    );

  let streams = 0;
  if (offered.has('events'))
    app.get<{ Params: ProjectParams }>('/rest/TidemarkHub/Events/:project', async (request, reply) => {
      const { params, headers } = request;
      const project = await readable(params, headers.authorization);
      if (streams >= MOST_STREAMS)
        throw new HubError(503, 'Too many event streams are open: ask again later.');
      const gone = new AbortController();
      const stillAllowed = async (): Promise<void> => {
        await readable(params, headers.authorization);
      };
      const events = Readable.from(eventStream(db, { project, signal: gone.signal, stillAllowed }), {
        objectMode: false,
      });
      streams += 1;
      // Once only, whether the reader leaves, loses its rights, or the hub ends.
      reply.raw.once('close', () => {
        streams -= 1;
        gone.abort();
      });
      events.once('error', (error) => {
        if (!(error instanceof HubError) && !gone.signal.aborted) report(error, 'event stream');
        reply.raw.destroy();
      });
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(events);
    });

  /** The project that a request names, where its caller may read it. */
  async function readable({ project }: ProjectParams, authorization: string | undefined): Promise<number> {
    const caller = await callerOf(db, authorization);
    if (!caller) throw badRequest(noCredentials);
    const id = Number(project);
    if (!Number.isSafeInteger(id)) throw badRequest('The project must be an id.');
    await requireProject(db, caller, id, level.view);
    return id;
  }
}

interface ProjectParams {
  project: string;
}

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Operation } from '../contract/operation.ts';
import { operations, type OperationName } from '../contract/table.ts';
import type { Caller } from './access/access.ts';
import { callerOf, noCredentials } from './access/tokens.ts';
import type { Answer, Call, Handler, Serve } from './call.ts';
import type { HubDeps } from './deps.ts';
import { answerOf, badRequest } from './errors.ts';
import { Idempotency } from './plugins/idempotency.ts';
import { isDeeperThan } from './plugins/json-depth.ts';
import { readFormat } from './plugins/list-format.ts';
import { listStream } from './plugins/list-stream.ts';
import type { RawQuery } from './plugins/query-text.ts';
import { compileValidation } from './plugins/validation.ts';
import { serveEverything } from './routes/all.ts';
import { extensionRoutes } from './routes/extensions.ts';
import { objectRoutes } from './routes/objects.ts';
import { servedFileRoutes } from './routes/served-files.ts';

/** Largest JSON body, bytes: 500 polygons with many points fit. */
const BODY_LIMIT = 64 * 1024 * 1024;
/** The same of whoever has shown no token: a user with a picture of 1 MiB fits. */
const STRANGER_LIMIT = 4 * 1024 * 1024;
/** How deep lists and objects of a body may lie in each other; searches are nested most. */
const DEEPEST_BODY = 100;

/**
 * The whole server as one Fastify application, not yet listening. Methods, paths and validation come
 * from the contract; what no handler serves yet says so.
 */
export function buildApp(deps: HubDeps): FastifyInstance {
  const app = Fastify({
    bodyLimit: STRANGER_LIMIT,
    routerOptions: { maxParamLength: 2048 },
    forceCloseConnections: true,
  });
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = answerOf(error);
    if (status >= 500) deps.report(error, `${request.method} ${request.routeOptions.url ?? ''}`);
    return reply.status(status).send(body);
  });
  // The protocol knows no 404 for a path and no 405: everything that is wrong with a request is a 400.
  app.setNotFoundHandler((_request, reply) =>
    reply.status(400).send({ message: 'There is no such operation.', details: '' }),
  );
  tolerateEmptyBodies(app);
  const handlers = collectHandlers(deps);
  const idempotency = new Idempotency(deps);
  const table: Operation[] = Object.values(operations);
  const validators = compileValidation(table);
  const callers = new WeakMap<FastifyRequest, Caller>();
  for (const operation of table) {
    const forStrangers = operation.permission === 'anyone' || operation.name in looksItself;
    app.route({
      method: operation.method,
      url: operation.path.replace(/\{(\w+)\}/g, ':$1'),
      bodyLimit: forStrangers ? STRANGER_LIMIT : BODY_LIMIT,
      // Before the body is read: nobody fills the hub's memory without a token.
      onRequest: async (request) => {
        const caller = await callerOf(deps.db, request.headers.authorization);
        if (caller) callers.set(request, caller);
        else if (!forStrangers) throw badRequest(noCredentials);
      },
      handler: async (request, reply) => {
        const caller = callers.get(request);
        const handler = handlers.get(operation.name);
        if (!handler) throw badRequest(`${operation.name} is not yet part of this hub.`, 'not-implemented');
        const raw = { params: request.params, query: request.query as RawQuery, body: request.body };
        const valid = validators.get(operation.name)?.(raw);
        const call = {
          caller: caller ?? nobody,
          ...valid,
          origin: originOf(deps, request),
          format: operation.name in formatted ? readFormat(raw.query['format']) : 'json',
          headers: request.headers,
          rawQuery: raw.query,
        };
        const perform = (): Promise<Answer> => handler(call as Call<OperationName>);
        const key = deps.settings.extensions.has('idempotency-key')
          ? request.headers['idempotency-key']
          : undefined;
        if (operation.method !== 'POST' || typeof key !== 'string' || !caller)
          return send(reply, await perform());
        const keyed = { user: caller.id, key, operation: operation.name, request: raw };
        return send(reply, await idempotency.once(keyed, perform));
      },
    });
  }
  extensionRoutes(app, deps, [...handlers.keys()]);
  servedFileRoutes(app, deps);
  app.register(async (scope) => objectRoutes(scope, deps));
  return app;
}

/** The lists that come as JSON, as lines of JSON, or as CSV. Elsewhere `format` means other things. */
const formatted: Readonly<Record<string, true>> = {
  get_localization_list: true,
  get_localization_list_by_id: true,
  get_state_list: true,
  get_state_list_by_id: true,
  get_media_list: true,
  get_media_list_by_id: true,
};

/** Needs a token, or in its place a reset token in the body: the handler looks. */
const looksItself: Readonly<Record<string, true>> = { update_user: true };

/** Stands for the caller where an operation needs none and none came. */
const nobody = { id: 0, username: '', isStaff: false };

type AnyHandler = Handler<OperationName>;

function collectHandlers(deps: HubDeps): Map<string, AnyHandler> {
  const handlers = new Map<string, AnyHandler>();
  const serve: Serve = (name, handler) => {
    handlers.set(name, handler);
  };
  serveEverything(serve, deps);
  return handlers;
}

/** Some clients announce JSON and send nothing, on DELETE above all. */
function tolerateEmptyBodies(app: FastifyInstance): void {
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    if (isDeeperThan(text as string, DEEPEST_BODY)) {
      done(badRequest(`The body is nested deeper than ${DEEPEST_BODY} levels.`));
      return;
    }
    try {
      done(null, text === '' ? undefined : (JSON.parse(text as string) as unknown));
    } catch {
      done(badRequest('The body is not valid JSON.'));
    }
  });
}

function originOf(deps: HubDeps, request: FastifyRequest): string {
  return deps.settings.publicUrl ?? `${request.protocol}://${request.host}`;
}

async function send(reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  switch (answer.kind) {
    case 'json':
      return reply.status(answer.status).type('application/json').send(JSON.stringify(answer.body));
    case 'rows': {
      // Made first: a query that fails is answered as an error, which is not compressed.
      const stream = await listStream(answer.rows, answer);
      if (answer.gzip) reply.header('content-encoding', 'gzip');
      return reply.status(200).type('application/json').send(stream);
    }
    case 'bytes':
      return reply
        .status(200)
        .headers(answer.headers ?? {})
        .type(answer.contentType)
        .send(answer.bytes);
    case 'empty':
      return reply.status(answer.status).headers(answer.headers).send();
    case 'redirect':
      return reply.redirect(answer.location, 301);
  }
}

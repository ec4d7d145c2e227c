import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import type { HubDeps } from '../deps.ts';
import type { StoredPart } from '../objects/object-store.ts';
import { contentTypeOf, sendObject } from '../objects/send-object.ts';
import type { Grant } from '../objects/signing.ts';

/** What S3 signs for at most. */
const LONGEST_DIRECT_SECONDS = 604_800;

interface SignedRequest {
  Params: { '*': string };
  Querystring: { expires?: string; signature?: string; uploadId?: string; partNumber?: string };
  Body: Readable | undefined;
}

/** `/objects/<key>`: bytes in and out, by signed URL only; the token is neither needed nor read. */
export function objectRoutes(app: FastifyInstance, { objects, signer, clock, uploadCap }: HubDeps): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  const checked = (request: FastifyRequest<SignedRequest>, method: Grant['method']): Grant => {
    const { expires, signature = '', uploadId, partNumber } = request.query;
    const upload = uploadId === undefined ? {} : { upload: { id: uploadId, part: Number(partNumber) } };
    const grant: Grant = { method, key: request.params['*'], expires: Number(expires), ...upload };
    signer.check(grant, signature, Math.floor(clock.now() / 1000));
    return grant;
  };

  async function storePart(
    key: string,
    { id, part }: NonNullable<Grant['upload']>,
    content: Readable,
  ): Promise<StoredPart> {
    const stored = await objects.putPart(key, id, part, content);
    uploadCap.arrived(id, stored);
    return stored;
  }

  app.put<SignedRequest>('/objects/*', async (request, reply) => {
    const grant = checked(request, 'PUT');
    // Without a body (length 0) no parser runs; the raw request is then an empty stream.
    const received = request.body ?? request.raw;
    const length = request.headers['content-length'];
    const announced = length === undefined ? undefined : Number(length);
    const content = await uploadCap.within(grant, received, announced);
    const stored = grant.upload
      ? await storePart(grant.key, grant.upload, content)
      : await objects.put(grant.key, content);
    return share(reply).header('etag', stored.etag).status(200).send();
  });

  app.route<SignedRequest>({
    method: ['GET', 'HEAD'],
    url: '/objects/*',
    handler: async (request, reply) => {
      const { key, expires } = checked(request, 'GET');
      const left = Math.max(1, expires - Math.floor(clock.now() / 1000));
      const direct = await objects.directUrl(key, Math.min(left, LONGEST_DIRECT_SECONDS));
      if (direct !== undefined) return share(reply).redirect(direct, 307);
      share(reply).type(contentTypeOf(key));
      return sendObject(objects, key, request, reply);
    },
  });

  app.options('/objects/*', async (_request, reply) =>
    share(reply)
      .header('access-control-allow-methods', 'GET, HEAD, PUT')
      .header('access-control-allow-headers', 'content-type, range')
      .status(204)
      .send(),
  );
}

/** Pages of other origins may use a signed URL: it is the whole permission. */
function share(reply: FastifyReply): FastifyReply {
  return reply
    .header('access-control-allow-origin', '*')
    .header('access-control-expose-headers', 'etag, content-range, content-length, accept-ranges')
    .header('cross-origin-resource-policy', 'cross-origin')
    .header('x-content-type-options', 'nosniff');
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  etagOf,
  joinStored,
  signedUrls,
  takePut,
  type StoredUpload,
  type StoreStyle,
} from './object-stores.ts';

/**
 * A server with just the operations of an upload, over real HTTP, that can be told to misbehave. It is
 * strict where a store is: parts are joined only when all are there and their ETags are the given ones.
 */
export interface TestStore {
  origin: string;
  /** Arrived part PUTs as `upload/part`, in order, answered or not. */
  puts: string[];
  /** Completed objects by key. */
  objects: Map<string, Buffer>;
  /** Names of the REST calls, in order. */
  calls: string[];
  imageFiles: { role: string; path: string }[];
  /** Changed by tests while it runs. */
  behaviour: Behaviour;
  close(): Promise<void>;
}

export interface Behaviour {
  /** ms before a part is answered. */
  partDelay: number;
  /** What to do with the next requests that match; each is used once. */
  troubles: {
    match: RegExp;
    do: 'drop-before' | 'drop-after' | 'garbage' | 'forbidden' | 'busy' | 'wrong-etag' | 'no-answer';
  }[];
  /** How many polls a transcode takes; negative for one that fails. */
  transcodePolls: number;
  /** Signed URLs of an earlier edition are refused. */
  edition: number;
}

/** Stands among the calls for a request that is left without an answer. */
export const noAnswer = 'no answer';

export async function startTestStore(style: StoreStyle = 's3'): Promise<TestStore> {
  const uploads = new Map<string, StoredUpload>();
  const transcodes: { uid: string; media_id: number; polls: number }[] = [];
  const store: Omit<TestStore, 'origin' | 'close'> = {
    puts: [],
    objects: new Map(),
    calls: [],
    imageFiles: [],
    behaviour: { partDelay: 0, troubles: [], transcodePolls: 2, edition: 0 },
  };
  let origin = '';
  let begun = 0;

  const rest = (name: string, url: URL, body: Record<string, unknown>): [number, unknown] => {
    store.calls.push(name);
    switch (name) {
      case 'POST Token':
        if (body['password'] !== 'right')
          return [400, { message: 'Unable to log in with provided credentials.' }];
        return [201, { token: 'token' }];
      case 'GET User/GetCurrent':
        return [200, { id: 7, username: 'ana', first_name: 'Ana', last_name: '', email: 'ana@example.org' }];
      case 'GET UploadInfo/1': {
        const id = `upload${++begun}`;
        const key = `1/1/9/${id}_${url.searchParams.get('filename') ?? ''}`;
        const count = Number(url.searchParams.get('num_parts') ?? 1);
        const upload: StoredUpload = { id, key, count, parts: new Map(), object: null };
        uploads.set(id, upload);
        const urls = signedUrls(style, { origin, upload, edition: store.behaviour.edition });
        const uploadId = style === 'google' ? (urls[0] ?? '') : id;
        return [200, { urls, key, upload_id: count > 1 ? uploadId : '' }];
      }
      case 'POST UploadCompletion/1': {
        const upload = [...uploads.values()].find(({ key }) => key === body['key']);
        if (upload === undefined) return [400, { message: 'NoSuchUpload' }];
        const joined = joinStored(style, upload, body['parts'] as { ETag: string; PartNumber: number }[]);
        if (joined === null) return [400, { message: 'InvalidPart' }];
        store.objects.set(upload.key, joined);
        uploads.delete(upload.id);
        return [201, { message: 'done' }];
      }
      case 'POST DownloadInfo/1':
        return [201, (body['keys'] as string[]).map((key) => ({ key, url: `${origin}/read/${key}` }))];
      case 'POST Transcodes/1':
        transcodes.push({ uid: String(body['uid']), media_id: Number(body['media_id']), polls: 0 });
        return [201, { message: 'ok', id: body['uid'], object: {} }];
      case 'GET Transcodes/1':
        for (const transcode of transcodes) transcode.polls++;
        return [
          200,
          transcodes.map(({ uid, media_id, polls }) => ({
            spec: { media_id },
            job: { uid, status: status(polls) },
          })),
        ];
      case 'GET Media/9': {
        const done = transcodes.some(({ polls }) => status(polls) === 'Succeeded');
        const of = (role: string) => store.imageFiles.filter((file) => file.role === role);
        const files = {
          streaming: done ? [{ path: 'a' }] : [],
          image: of('image'),
          thumbnail: of('thumbnail'),
        };
        return [200, { id: 9, name: 'm', media_files: files }];
      }
      case 'POST ImageFiles/9':
        store.imageFiles.push({ role: url.searchParams.get('role') ?? '', path: String(body['path']) });
        return [201, { message: 'ok' }];
      case 'PATCH Media/9':
        return [200, { message: 'ok' }];
      default:
        return style === 'hub' ? extension(name, url) : [400, { message: `no ${name}` }];
    }
  };
  const extension = (name: string, url: URL): [number, unknown] => {
    const upload = uploads.get(url.searchParams.get('upload_id') ?? '');
    if (name === 'GET TidemarkHub') return [200, { extensions: ['list-parts', 'sign-parts'] }];
    if (upload === undefined || upload.key !== url.searchParams.get('key'))
      return [400, { message: `no ${name}` }];
    if (name === 'GET TidemarkHub/Parts/1') {
      const parts = [...upload.parts];
      return [200, parts.map(([PartNumber, b]) => ({ PartNumber, ETag: etagOf(b), Size: b.length }))];
    }
    const urls = signedUrls(style, { origin, upload, edition: store.behaviour.edition });
    const wanted = (url.searchParams.get('parts') ?? '').split(',').map(Number);
    return [200, { urls: Object.fromEntries(wanted.map((part) => [part, urls[part - 1] ?? ''])) }];
  };
  const status = (polls: number): string => {
    const { transcodePolls } = store.behaviour;
    if (polls < Math.abs(transcodePolls)) return 'Running';
    return transcodePolls < 0 ? 'Failed' : 'Succeeded';
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const facts = `${request.method} ${url.pathname}`;
    const part = /^\/objects\/(\w+)\/(\w+)$/.exec(url.pathname);
    const at = store.behaviour.troubles.findIndex(({ match }) => match.test(facts));
    const trouble = at < 0 ? null : (store.behaviour.troubles.splice(at, 1)[0]?.do ?? null);
    if (part !== null && request.headers['content-length'] !== '0') store.puts.push(`${part[1]}/${part[2]}`);
    const bytes = await bodyOf(request);
    if (trouble === 'drop-before') {
      request.socket.destroy();
      return;
    }
    if (trouble === 'no-answer') {
      store.calls.push(noAnswer);
      return;
    }
    if (trouble === 'busy') {
      send(response, 503, '<html>busy</html>');
      return;
    }
    if (trouble === 'forbidden') {
      send(response, 403, 'AccessDenied');
      return;
    }
    if (trouble === 'garbage') {
      send(response, 200, '<html>Welcome to the port’s Wi-Fi</html>');
      return;
    }
    if (part !== null) {
      await new Promise((done) => setTimeout(done, store.behaviour.partDelay));
      const upload = uploads.get(part[1] ?? '');
      if (upload === undefined) {
        send(response, 404, 'NoSuchUpload');
        return;
      }
      if (Number(url.searchParams.get('edition')) < store.behaviour.edition) {
        send(response, 403, 'AccessDenied: Request has expired');
        return;
      }
      const reply = takePut(style, upload, { url, headers: request.headers, bytes });
      if (upload.object !== null) store.objects.set(upload.key, upload.object);
      if (trouble === 'drop-after') {
        request.socket.destroy();
        return;
      }
      for (const [header, value] of Object.entries(reply.headers ?? {})) response.setHeader(header, value);
      if (trouble === 'wrong-etag') response.setHeader('etag', etagOf(Buffer.from('other')));
      send(response, reply.status, '');
      return;
    }
    if (url.pathname.startsWith('/read/')) {
      const key = url.pathname.slice('/read/'.length);
      const object = store.objects.get(key);
      if (object === undefined) {
        send(response, 404, 'NoSuchKey');
        return;
      }
      response.setHeader('content-range', `bytes 0-0/${object.length}`);
      send(response, 206, String(object.subarray(0, 1)));
      return;
    }
    const name = `${request.method} ${url.pathname.replace('/rest/', '')}`;
    const [code, answer] = rest(
      name,
      url,
      bytes.length === 0 ? {} : (JSON.parse(String(bytes)) as Record<string, unknown>),
    );
    if (trouble === 'drop-after') {
      request.socket.destroy();
      return;
    }
    response.setHeader('content-type', 'application/json');
    send(response, code, JSON.stringify(answer));
  };

  const server = createServer(
    (request, response) => void handle(request, response).catch(() => response.destroy()),
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    ...store,
    origin,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status);
  response.end(text);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

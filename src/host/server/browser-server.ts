import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { RpcChannel } from '../../contract/rpc.ts';
import { errorCatalogue, faultOf, TidemarkError } from '../../contract/errors.ts';
import { judge, type Access, type GuardOptions, type Verdict } from './guard.ts';
import { handleAsset, type AssetSource } from './asset-handler.ts';
import { contentSecurityPolicy, securityHeaders } from './page-policy.ts';
import { socketChannel } from './socket-channel.ts';

export interface BrowserServerOptions {
  assets: AssetSource;
  access: Access;
  /** Null takes any free port. */
  port: number | null;
  /** Serves a page's socket. */
  onChannel: (channel: RpcChannel) => void;
  /** Takes the bytes of an import from `offset` on; resolves with how many it has now. */
  receiveImport: (importId: string, offset: number, bytes: Readable) => Promise<{ offset: number }>;
  /** Address of the bundler's development server, which then serves the pages. */
  devServer?: string | undefined;
  onError: (what: string, thrown: unknown) => void;
}

export interface BrowserServer {
  port: number;
  /** `http://127.0.0.1:<port>` */
  origin: string;
  close(): Promise<void>;
}

/** Serves the pages, their media and their RPC sockets on 127.0.0.1. Throws when the port is taken. */
export async function startBrowserServer(options: BrowserServerOptions): Promise<BrowserServer> {
  const http = createServer();
  // Uploads of hours must not run into Node's five minutes for a whole request.
  http.requestTimeout = 0;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 256 * 1024 * 1024,
    perMessageDeflate: false,
  });
  const port = await listen(http, options.port ?? 0);
  const guard: GuardOptions = { access: options.access, port };
  const headers = securityHeaders(
    contentSecurityPolicy({ connect: connectSources(port, options.devServer) }),
  );

  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const verdict = verdictOf(request, guard, { upgrade: false });
    serve(request, response, { verdict, options }).catch((thrown: unknown) => {
      // A page that goes away in the middle of a film is no failure.
      if (!isClientGone(request, response)) options.onError(`${request.method} ${pathOf(request)}`, thrown);
      if (!response.headersSent) sendFault(response, thrown);
      else response.destroy();
    });
  });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const verdict = verdictOf(request, guard, { upgrade: true });
    if (verdict.kind !== 'allowed' || pathOf(request) !== '/rpc') {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => options.onChannel(socketChannel(webSocket)));
  });

  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

interface Served {
  verdict: Verdict;
  options: BrowserServerOptions;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { verdict, options }: Served,
): Promise<void> {
  if (verdict.kind === 'refused') {
    sendText(response, 403, refusals[verdict.reason]);
    return;
  }
  if (verdict.kind === 'welcome') {
    response.writeHead(302, { location: '/', 'set-cookie': verdict.setCookie, 'cache-control': 'no-store' });
    response.end();
    return;
  }
  const url = new URL(request.url ?? '/', 'http://localhost');
  const incoming = /^\/imports\/([\w-]{1,64})$/.exec(url.pathname);
  if (incoming !== null && request.method === 'PUT') {
    const offset = Number(url.searchParams.get('offset') ?? '0');
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new TidemarkError('bad-request', { detail: 'offset' });
    const result = await options.receiveImport(incoming[1] ?? '', offset, request);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(result));
    return;
  }
  const asked = new Request(new URL(request.url ?? '/', options.devServer ?? 'http://localhost'), {
    method: request.method ?? 'GET',
    headers: plainHeaders(request),
  });
  const fromBundler = options.devServer !== undefined && !url.pathname.startsWith('/media/');
  const answer = await (fromBundler ? fetch(asked) : handleAsset(asked, options.assets));
  await sendResponse(response, answer);
}

async function sendResponse(response: ServerResponse, answer: Response): Promise<void> {
  const skipped = ['content-encoding', 'transfer-encoding', 'connection', 'access-control-allow-origin'];
  answer.headers.forEach((value, name) => {
    // `fetch` has already unpacked what the bundler's server packed.
    if (!skipped.includes(name)) response.setHeader(name, value);
  });
  if (answer.headers.has('content-encoding')) response.removeHeader('content-length');
  response.writeHead(answer.status);
  if (answer.body === null) {
    response.end();
    return;
  }
  await pipeline(Readable.fromWeb(answer.body), response);
}

/** Only what decides about a file's answer; the cookie stays here. */
function plainHeaders(request: IncomingMessage): Record<string, string> {
  const { range, accept } = request.headers;
  return { ...(range === undefined ? {} : { range }), ...(accept === undefined ? {} : { accept }) };
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(text);
}

function sendFault(response: ServerResponse, thrown: unknown): void {
  const fault = faultOf(thrown);
  const status = errorCatalogue[fault.code].advice === 'stop' ? 400 : 500;
  // The rest of an upload that failed is not read any more.
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ fault }));
}

const refusals = {
  host: 'This address is not served.',
  origin: 'Requests from other sites are refused.',
  key: 'Open Tidemark by the address that it printed when it started: it carries the key of this run.',
} as const;

function verdictOf(
  request: IncomingMessage,
  guard: GuardOptions,
  { upgrade }: { upgrade: boolean },
): Verdict {
  const { host, origin, cookie, authorization } = request.headers;
  const fetchSite = request.headers['sec-fetch-site'];
  return judge(
    {
      method: request.method ?? 'GET',
      target: request.url ?? '/',
      host,
      origin,
      cookie,
      authorization,
      fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined,
      upgrade,
    },
    guard,
  );
}

/** Without the query: it may hold the key. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?')[0] ?? '/';
}

function isClientGone(request: IncomingMessage, response: ServerResponse): boolean {
  return request.destroyed || response.destroyed || response.closed;
}

/** `'self'` covers the socket in Chromium; other browsers want it by name. */
function connectSources(port: number, devServer: string | undefined): string[] {
  const own = [`ws://127.0.0.1:${port}`, `ws://localhost:${port}`];
  return devServer === undefined ? own : [...own, devServer, devServer.replace(/^http/, 'ws')];
}

function listen(http: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen({ host: '127.0.0.1', port }, () => {
      http.off('error', reject);
      const address = http.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
    });
  });
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/base/clock.ts';
import { createTatorClient, type ClientOptions, type TatorClient } from '../../../src/api/client.ts';

export interface Received {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  /** The JSON body, undefined where there was none. */
  body: unknown;
}

export type Respond = (request: Received, response: ServerResponse, nth: number) => void;

/** A real HTTP server on a port of its own that answers as the test says, and what it received. */
export async function serve(respond: Respond): Promise<{
  host: string;
  received: Received[];
  client: (options?: Partial<ClientOptions>) => TatorClient;
  close: () => Promise<void>;
}> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const item: Received = {
        method: request.method ?? '',
        url: new URL(request.url ?? '', 'http://server'),
        headers: request.headers,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
      };
      received.push(item);
      respond(item, response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    received,
    // Randomness of zero makes the waits of the retries zero too.
    client: (options = {}) =>
      createTatorClient({ host, token: 'abc', fetch, clock: systemClock(), random: () => 0, ...options }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

import { net, protocol } from 'electron';
import type { HostState } from './host-process.ts';

/** The origin of every page. It never changes, because IndexedDB belongs to an origin. */
export const SCHEME = 'tidemark';
export const ORIGIN = `${SCHEME}://app`;

/** Must run before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
    },
  ]);
}

/**
 * Passes every request of a page to the host's file server on the loopback interface, with the secret
 * that only this process and the host know. Ranges and bodies stream through.
 */
export function serveFrom(host: { state: HostState }): void {
  protocol.handle(SCHEME, async (request) => {
    const url = new URL(request.url);
    if (url.host !== 'app') return new Response(null, { status: 404 });
    const { state } = host;
    if (state.kind !== 'ready') return new Response(null, { status: 503 });
    const headers = new Headers(request.headers);
    headers.set('authorization', state.authorization);
    headers.delete('origin');
    return net.fetch(`${state.address}${url.pathname}${url.search}`, {
      method: request.method,
      headers,
      body: request.body,
      // A stream as a body needs half duplex.
      ...(request.body === null ? {} : { duplex: 'half' }),
    });
  });
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { serveRpc, type HostHandlers } from '../../src/contract/rpc.ts';
import { digested } from '../../src/host/digested.ts';
import type { Recorder } from '../../src/host/recorder.ts';
import { socketChannel } from '../../src/host/server/socket-channel.ts';

/** What a server tells to a call: the bytes of a list, or only the prints that the host makes of its rows. */
export type Told = { bytes: Uint8Array } | { prints: number[] };

/**
 * The recorder's part of the host, over the real RPC and a real socket; with `answerTo` also the calls of
 * the server. `printing`: ms that were spent on prints and digests.
 */
export async function serveRecorder(
  recorder: Recorder,
  answerTo?: (args: Record<string, unknown>, known: string) => Told,
): Promise<{ address: string; printing(): number; close(): void }> {
  let printing = 0;
  const methods: Partial<HostHandlers> = {
    'recorder.append': ({ account, bodies }) => recorder.append(account, bodies),
    'recorder.read': ({ account, after, limit }) => recorder.read(account, after, limit),
    'recorder.release': async ({ account, through }) => {
      await recorder.release(account, through);
      return {};
    },
    'server.call': async ({ args, known = '' }) => {
      const told = answerTo?.(args, known) ?? { prints: [] };
      if ('prints' in told) return { value: 0, digest: '', prints: told.prints };
      return digested(known, (isKnown) => {
        const begun = performance.now();
        const value = isKnown(told.bytes) ? null : told.bytes.length;
        printing += performance.now() - begun;
        return Promise.resolve(value);
      });
    },
  };
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket) =>
    serveRpc(socketChannel(socket), { methods: methods as HostHandlers, events: () => () => undefined }),
  );
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    printing: () => printing,
    address: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      http.close();
    },
  };
}

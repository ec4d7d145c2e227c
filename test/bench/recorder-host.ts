import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { serveRpc, type HostHandlers } from '../../src/contract/rpc.ts';
import { digested } from '../../src/host/digested.ts';
import type { Recorder } from '../../src/host/recorder.ts';
import { socketChannel } from '../../src/host/server/socket-channel.ts';

/**
 * The recorder's part of the host, over the real RPC and a real socket; with `answerTo` also the calls of
 * the server, answered by these bytes.
 */
export async function serveRecorder(
  recorder: Recorder,
  answerTo?: (args: Record<string, unknown>) => Uint8Array,
): Promise<{ address: string; close(): void }> {
  const methods: Partial<HostHandlers> = {
    'recorder.append': ({ account, bodies }) => recorder.append(account, bodies),
    'recorder.read': ({ account, after, limit }) => recorder.read(account, after, limit),
    'recorder.release': async ({ account, through }) => {
      await recorder.release(account, through);
      return {};
    },
    'server.call': ({ args, known }) =>
      digested(known ?? '', (isKnown) => {
        const bytes = answerTo?.(args) ?? new Uint8Array();
        return Promise.resolve(isKnown(bytes) ? null : bytes.length);
      }),
  };
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket) =>
    serveRpc(socketChannel(socket), { methods: methods as HostHandlers, events: () => () => undefined }),
  );
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    address: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      http.close();
    },
  };
}

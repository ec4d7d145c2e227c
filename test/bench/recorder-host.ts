import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { serveRpc, type HostHandlers } from '../../src/contract/rpc.ts';
import type { Recorder } from '../../src/host/recorder.ts';
import { socketChannel } from '../../src/host/server/socket-channel.ts';

/** The recorder's part of the host, over the real RPC and a real socket. */
export async function serveRecorder(recorder: Recorder): Promise<{ address: string; close(): void }> {
  const methods: Partial<HostHandlers> = {
    'recorder.append': ({ account, bodies }) => recorder.append(account, bodies),
    'recorder.read': ({ account, after, limit }) => recorder.read(account, after, limit),
    'recorder.release': async ({ account, through }) => {
      await recorder.release(account, through);
      return {};
    },
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

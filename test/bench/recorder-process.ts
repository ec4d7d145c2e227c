import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { TidemarkError } from '../../src/contract/errors.ts';
import { serveRpc, type HostHandlers } from '../../src/contract/rpc.ts';
import { createRecorder } from '../../src/host/recorder.ts';
import { socketChannel } from '../../src/host/server/socket-channel.ts';

/*
 * The host's flight recorder alone, over the same sockets as in the product: `recorder-process FOLDER`
 * prints its port. A process of its own, as the host is one, so that measuring does not slow it.
 */

const recorder = createRecorder(process.argv[2] ?? '');
const answered: Partial<HostHandlers> = {
  'recorder.append': ({ account, bodies }) => recorder.append(account, bodies),
  'recorder.read': ({ account, after, limit }) => recorder.read(account, after, limit),
  'recorder.release': ({ account, through }) => recorder.release(account, through).then(() => ({})),
};
const refused = (): Promise<never> => Promise.reject(new TidemarkError('bad-request'));
const methods = new Proxy(answered, {
  get: (known, name): unknown => Reflect.get(known, name) ?? refused,
}) as HostHandlers;

const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
sockets.on('connection', (socket) => serveRpc(socketChannel(socket), { methods, events: () => () => {} }));
sockets.on('listening', () => process.stdout.write(`${(sockets.address() as AddressInfo).port}\n`));

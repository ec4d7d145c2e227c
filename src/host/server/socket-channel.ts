import type { WebSocket } from 'ws';
import { Emitter } from '../../base/emitter.ts';
import type { ChannelState, RpcChannel } from '../../contract/rpc.ts';

/** An accepted WebSocket as a channel. */
export function socketChannel(socket: WebSocket): RpcChannel {
  const messages = new Emitter<unknown>();
  const states = new Emitter<ChannelState>();
  let state: ChannelState = 'open';
  // One buffer a message, unless `binaryType` says otherwise.
  socket.on('message', (data, isBinary) => {
    if (!isBinary && Buffer.isBuffer(data)) messages.emit(parseJson(data.toString('utf8')));
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    state = 'closed';
    states.emit(state);
  });
  return {
    get state() {
      return state;
    },
    send: (message) => {
      if (state === 'open') socket.send(JSON.stringify(message));
    },
    onMessage: (listener) => messages.on(listener),
    onState: (listener) => states.on(listener),
    close: () => socket.close(),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { Emitter } from '../../base/emitter.ts';
import type { ChannelState, RpcChannel } from '../../contract/rpc.ts';

/** The part of Electron's `MessagePortMain` that the channel uses. */
export interface NodePort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  on(event: 'close', listener: () => void): void;
  start(): void;
  close(): void;
}

/** The host's end of a page's message port as a channel. */
export function nodePortChannel(port: NodePort): RpcChannel {
  const messages = new Emitter<unknown>();
  const states = new Emitter<ChannelState>();
  let state: ChannelState = 'open';
  port.on('message', ({ data }) => messages.emit(data));
  port.on('close', () => {
    if (state === 'closed') return;
    state = 'closed';
    states.emit(state);
  });
  // Messages wait in the port until whoever serves the channel listens.
  queueMicrotask(() => port.start());
  return {
    get state() {
      return state;
    },
    send: (message) => {
      if (state === 'open') port.postMessage(message);
    },
    onMessage: (listener) => messages.on(listener),
    onState: (listener) => states.on(listener),
    close: () => port.close(),
  };
}

import { backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Stop } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import type { Random } from '../base/random.ts';
import type { ChannelState, RpcChannel } from './rpc.ts';

/** The part of a WebSocket that the channel uses; the page's own class fits. */
export interface SocketLike {
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

export interface SocketChannelOptions {
  /** Begins a new connection, e.g. `() => new WebSocket(address)`. */
  connect: () => SocketLike;
  clock: Clock;
  random: Random;
}

/** Waits between attempts to reach the host again, ms: it is on this machine, so they stay short. */
const reconnectLimits = { base: 250, cap: 4_000 };

/**
 * A channel over WebSockets that connects again, for ever, whenever the connection ends.
 *
 *   connecting --open--> open --close--> closed --wait--> connecting
 */
export function createSocketChannel({ connect, clock, random }: SocketChannelOptions): RpcChannel {
  const core = channelCore('connecting');
  let socket: SocketLike | null = null;
  let failures = 0;
  let cancelWait: Stop = () => {};
  let ended = false;

  const begin = (): void => {
    const current = connect();
    socket = current;
    current.addEventListener('open', () => {
      if (current !== socket) return;
      failures = 0;
      core.become('open');
    });
    current.addEventListener('message', ({ data }) => {
      if (current === socket && typeof data === 'string') core.receive(parseJson(data));
    });
    current.addEventListener('close', () => {
      if (current !== socket) return;
      socket = null;
      core.become('closed');
      if (!ended) cancelWait = clock.after(backoff(failures++, random, reconnectLimits), again);
    });
  };
  const again = (): void => {
    core.become('connecting');
    begin();
  };
  begin();

  return {
    ...core.channel,
    get state() {
      return core.state();
    },
    send: (message) => {
      if (core.state() === 'open') socket?.send(JSON.stringify(message));
    },
    close: () => {
      ended = true;
      cancelWait();
      const last = socket;
      socket = null;
      last?.close();
      core.become('closed');
    },
  };
}

/** The part of a message port that the channel uses; the page's own class fits. */
export interface PortLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  start(): void;
  close(): void;
}

export interface PortChannel extends RpcChannel {
  /** Uses `port` from now on; the one before, if any, counts as closed. */
  attach(port: PortLike): void;
}

/**
 * A channel over message ports. It is connecting until the first port arrives; when the host process is
 * started again, the next port takes over.
 */
export function createPortChannel(): PortChannel {
  const core = channelCore('connecting');
  let port: PortLike | null = null;
  const drop = (): void => {
    const last = port;
    port = null;
    last?.close();
    core.become('closed');
  };
  return {
    ...core.channel,
    get state() {
      return core.state();
    },
    attach: (next) => {
      if (port !== null) drop();
      port = next;
      next.addEventListener('message', ({ data }) => {
        if (next === port) core.receive(data);
      });
      next.addEventListener('close', () => {
        if (next === port) drop();
      });
      next.start();
      core.become('open');
    },
    send: (message) => {
      if (core.state() === 'open') port?.postMessage(message);
    },
    close: drop,
  };
}

/** Listeners and state, which all channels keep the same way. */
function channelCore(initial: ChannelState): {
  state: () => ChannelState;
  become: (next: ChannelState) => void;
  receive: (message: unknown) => void;
  channel: Pick<RpcChannel, 'onMessage' | 'onState'>;
} {
  let state = initial;
  const messages = new Emitter<unknown>();
  const states = new Emitter<ChannelState>();
  return {
    state: () => state,
    become: (next) => {
      if (next === state) return;
      state = next;
      states.emit(next);
    },
    receive: (message) => messages.emit(message),
    channel: {
      onMessage: (listener) => messages.on(listener),
      onState: (listener) => states.on(listener),
    },
  };
}

/** `undefined` for text that is no JSON; the receiver ignores what is not of the protocol. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

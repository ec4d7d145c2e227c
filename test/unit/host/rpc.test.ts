import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/base/emitter.ts';
import { TidemarkError } from '../../../src/contract/errors.ts';
import type { RpcMessage } from '../../../src/contract/host-rpc.ts';
import {
  createPortChannel,
  createSocketChannel,
  type SocketLike,
} from '../../../src/contract/rpc-channels.ts';
import {
  createRpcClient,
  serveRpc,
  type ChannelState,
  type HostHandlers,
  type HostNews,
  type RpcChannel,
} from '../../../src/contract/rpc.ts';

/** Two channels, each the other's end; messages cross as JSON, like on a socket. */
function channelPair(initial: ChannelState = 'open') {
  const ends = [0, 1].map(() => ({ messages: new Emitter<unknown>(), states: new Emitter<ChannelState>() }));
  let state = initial;
  const become = (next: ChannelState): void => {
    state = next;
    for (const end of ends) end.states.emit(next);
  };
  const end = (own: number): RpcChannel => ({
    get state() {
      return state;
    },
    send: (message: RpcMessage) => {
      const text = JSON.stringify(message);
      queueMicrotask(() => ends[1 - own]?.messages.emit(JSON.parse(text)));
    },
    onMessage: (listener) => ends[own]?.messages.on(listener) ?? (() => {}),
    onState: (listener) => ends[own]?.states.on(listener) ?? (() => {}),
    close: () => become('closed'),
  });
  return {
    page: end(0),
    host: end(1),
    become,
    inject: (message: unknown) => ends[1]?.messages.emit(message),
  };
}

const hub = { kind: 'running' as const, url: 'http://127.0.0.1:1' };

function serve(channel: RpcChannel, methods: Partial<HostHandlers>) {
  const news = new Emitter<HostNews>();
  const failures: string[] = [];
  const stop = serveRpc(channel, {
    methods: methods as HostHandlers,
    events: (listener) => news.on(listener),
    onInternal: (method) => failures.push(method),
  });
  return { news, failures, stop };
}

describe('a call over the RPC table', () => {
  it('brings the handler its parameters and the caller its result', async () => {
    const { page, host } = channelPair();
    serve(host, { 'recorder.append': ({ bodies }) => Promise.resolve({ seq: bodies.length }) });
    const client = createRpcClient(page);
    await expect(client.call('recorder.append', { account: 'a', bodies: ['x', 'y'] })).resolves.toEqual({
      seq: 2,
    });
  });

  it('answers out of order calls to the right callers', async () => {
    const { page, host } = channelPair();
    const gates: (() => void)[] = [];
    serve(host, {
      'recorder.append': ({ bodies }) =>
        new Promise((resolve) => gates.push(() => resolve({ seq: Number(bodies[0]) }))),
    });
    const client = createRpcClient(page);
    const calls = ['1', '2'].map((body) => client.call('recorder.append', { account: 'a', bodies: [body] }));
    await new Promise((done) => setTimeout(done, 1));
    for (const open of gates.reverse()) open();
    await expect(Promise.all(calls)).resolves.toEqual([{ seq: 1 }, { seq: 2 }]);
  });

  it('refuses parameters that are not of the table before any handler runs, without repeating their values', async () => {
    const { page, host } = channelPair();
    let ran = false;
    serve(host, {
      'accounts.signIn': () => {
        ran = true;
        return Promise.reject(new TidemarkError('internal'));
      },
    });
    const bad = { host: 'h', username: 'u', password: { secret: 'hunter2' } } as unknown as {
      password: string;
    };
    const call = createRpcClient(page).call('accounts.signIn', bad as never);
    const error = await call.catch((thrown: unknown) => thrown as TidemarkError);
    expect(error).toBeInstanceOf(TidemarkError);
    expect((error as TidemarkError).code).toBe('bad-request');
    expect(JSON.stringify((error as TidemarkError).fault)).not.toContain('hunter2');
    expect(ran).toBe(false);
  });

  it('brings a fault back as the class, with code, message and status', async () => {
    const { page, host } = channelPair();
    serve(host, {
      'hub.start': () => Promise.reject(new TidemarkError('forbidden', { detail: 'words', status: 403 })),
    });
    const error = await createRpcClient(page)
      .call('hub.start', {})
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TidemarkError);
    expect((error as TidemarkError).fault).toMatchObject({ code: 'forbidden', detail: 'words', status: 403 });
  });

  it('turns a bug of a handler into an internal fault and tells the log', async () => {
    const { page, host } = channelPair();
    const { failures } = serve(host, {
      'hub.start': () => Promise.reject(new TypeError('x is not a function')),
    });
    await expect(createRpcClient(page).call('hub.start', {})).rejects.toMatchObject({ code: 'internal' });
    expect(failures).toEqual(['hub.start']);
  });

  it('refuses names that are not in the table, also those of every object', async () => {
    const { page, host, inject } = channelPair();
    serve(host, {});
    const answers: unknown[] = [];
    page.onMessage((message) => answers.push(message));
    inject({ kind: 'call', id: 7, method: 'constructor', params: {} });
    inject({ kind: 'call', id: 8, method: 'no.such', params: {} });
    await new Promise((done) => setTimeout(done, 1));
    expect(answers).toMatchObject([
      { kind: 'fault', id: 7, fault: { code: 'bad-request' } },
      { kind: 'fault', id: 8, fault: { code: 'bad-request' } },
    ]);
  });

  it('ignores messages that are not of the protocol', async () => {
    const { page, host, inject } = channelPair();
    serve(host, { 'hub.start': () => Promise.resolve(hub) });
    for (const junk of [null, 1, 'text', {}, { kind: 'call' }, { kind: 'call', id: 'x' }, []]) inject(junk);
    await expect(createRpcClient(page).call('hub.start', {})).resolves.toEqual(hub);
  });

  it('fails every open call with host-gone when the channel closes, and later ones at once', async () => {
    const { page, host, become } = channelPair();
    serve(host, { 'hub.start': () => new Promise(() => {}) });
    const client = createRpcClient(page);
    const open = client.call('hub.start', {});
    become('closed');
    await expect(open).rejects.toMatchObject({ code: 'host-gone' });
    await expect(client.call('hub.start', {})).rejects.toMatchObject({ code: 'host-gone' });
  });

  it('keeps a call that was made while connecting until the channel opens', async () => {
    const { page, host, become } = channelPair('connecting');
    serve(host, { 'hub.start': () => Promise.resolve(hub) });
    const call = createRpcClient(page).call('hub.start', {});
    become('open');
    await expect(call).resolves.toEqual(hub);
  });

  it('tells events to their listeners and drops those that are not of the table', async () => {
    const { page, host } = channelPair();
    const { news } = serve(host, {});
    const client = createRpcClient(page);
    const told: unknown[] = [];
    client.on('hub.changed', (value) => told.push(value));
    news.emit({ event: 'hub.changed', value: hub });
    news.emit({ event: 'hub.changed', value: { kind: 'dancing' } } as unknown as HostNews);
    news.emit({ event: 'media.removed', value: { mediaKey: 'k' } });
    await new Promise((done) => setTimeout(done, 1));
    expect(told).toEqual([hub]);
  });
});

class FakeSocket implements SocketLike {
  listeners = new Map<string, ((event: { data: unknown }) => void)[]>();
  sent: string[] = [];
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.fire('close');
  }
  addEventListener(type: string, listener: (event: { data: unknown }) => void): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }
  fire(type: string, data?: unknown): void {
    for (const listener of this.listeners.get(type) ?? []) listener({ data });
  }
}

describe('the socket channel', () => {
  it('connects again after each end, waiting longer each time, until it is closed for good', () => {
    const sockets: FakeSocket[] = [];
    const waits: { ms: number; run: () => void }[] = [];
    const channel = createSocketChannel({
      connect: () => sockets[sockets.push(new FakeSocket()) - 1] as FakeSocket,
      clock: {
        now: () => 0,
        after: (ms, run) => {
          waits.push({ ms, run });
          return () => {};
        },
      },
      random: () => 1,
    });
    const states: ChannelState[] = [];
    channel.onState((state) => states.push(state));
    sockets[0]?.fire('close');
    waits[0]?.run();
    sockets[1]?.fire('close');
    waits[1]?.run();
    sockets[2]?.fire('open');
    channel.send({ kind: 'call', id: 1, method: 'app.info', params: {} });
    expect(sockets[2]?.sent).toHaveLength(1);
    expect(states).toEqual(['closed', 'connecting', 'closed', 'connecting', 'open']);
    expect(waits.map(({ ms }) => ms)).toEqual([250, 500]);
    channel.close();
    expect(channel.state).toBe('closed');
    expect(waits).toHaveLength(2);
  });
});

describe('the port channel', () => {
  it('is connecting until the first port, and moves over to the next one', () => {
    const make = () =>
      Object.assign(new FakeSocket(), {
        start: () => {},
        posted: [] as unknown[],
        postMessage(m: unknown) {
          this.posted.push(m);
        },
      });
    const channel = createPortChannel();
    const states: ChannelState[] = [];
    channel.onState((state) => states.push(state));
    const [first, second] = [make(), make()];
    channel.attach(first);
    channel.attach(second);
    channel.send({ kind: 'call', id: 1, method: 'app.info', params: {} });
    expect(states).toEqual(['open', 'closed', 'open']);
    expect([first.posted.length, second.posted.length]).toEqual([0, 1]);
  });
});

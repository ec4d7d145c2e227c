import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { Emitter } from '../base/emitter.ts';
import type { Stop } from '../base/disposable.ts';
import { errorFrom, faultOf, TidemarkError, type Fault } from './errors.ts';
import { FaultSchema } from './fault-schema.ts';
import {
  hostEvents,
  hostMethods,
  type Host,
  type HostEventName,
  type HostEventValue,
  type HostMethodName,
  type HostParams,
  type HostResult,
  type RpcMessage,
} from './host-rpc.ts';

/**
 * The machinery under the table of `host-rpc.ts`: a caller and a server of it over any channel.
 *
 * page                                host
 *   call(id, method, params)  ----->    params checked, handler runs
 *   result(id) or fault(id)   <-----    errors cross as data
 *   event(name, value)        <-----    at any time
 *
 * Answers may come in any order. When the channel closes, every open call fails with `host-gone`: it
 * may or may not have been carried out, and the caller decides whether to repeat it.
 */

/** `connecting` becomes `open` or `closed`; a reconnecting channel goes from `closed` to `connecting` again. */
export type ChannelState = 'connecting' | 'open' | 'closed';

/** A two-way pipe of messages. */
export interface RpcChannel {
  /** Only while open; on a channel that is not, the message is dropped. */
  send(message: RpcMessage): void;
  onMessage(listener: (message: unknown) => void): Stop;
  readonly state: ChannelState;
  onState(listener: (state: ChannelState) => void): Stop;
  /** For good; also ends reconnecting. */
  close(): void;
}

interface OpenCall {
  method: HostMethodName;
  params: unknown;
  sent: boolean;
  resolve(value: unknown): void;
  reject(error: TidemarkError): void;
}

/**
 * The caller's side. A call made while the channel is connecting waits for the outcome; on a closed
 * channel it fails with `host-gone` at once.
 */
export function createRpcClient(channel: RpcChannel): Host {
  let lastId = 0;
  const open = new Map<number, OpenCall>();
  const events = new Emitter<{ event: string; value: unknown }>();

  channel.onMessage((message) => {
    const parsed = parseMessage(message);
    if (parsed === null) return;
    if (parsed.kind === 'event') {
      if (isEvent(parsed.event) && Check(hostEvents[parsed.event], parsed.value)) events.emit(parsed);
      return;
    }
    if (parsed.kind === 'call') return;
    const call = open.get(parsed.id);
    if (call === undefined) return;
    open.delete(parsed.id);
    if (parsed.kind === 'fault') call.reject(errorFrom(parsed.fault));
    else if (Check(hostMethods[call.method].result, parsed.value)) call.resolve(parsed.value);
    else call.reject(mismatch(call.method, hostMethods[call.method].result, parsed.value));
  });

  channel.onState((state) => {
    if (state === 'open') for (const [id, call] of open) send(id, call);
    if (state === 'closed') {
      const gone = [...open.values()];
      open.clear();
      for (const call of gone) call.reject(new TidemarkError('host-gone', { detail: call.method }));
    }
  });

  const send = (id: number, call: OpenCall): void => {
    if (call.sent) return;
    call.sent = true;
    channel.send({ kind: 'call', id, method: call.method, params: call.params });
  };

  return {
    call<M extends HostMethodName>(method: M, params: HostParams<M>): Promise<HostResult<M>> {
      if (channel.state === 'closed')
        return Promise.reject(new TidemarkError('host-gone', { detail: method }));
      return new Promise<HostResult<M>>((resolve, reject) => {
        const id = ++lastId;
        const settle = resolve as (value: unknown) => void;
        const call: OpenCall = { method, params, sent: false, resolve: settle, reject };
        open.set(id, call);
        if (channel.state === 'open') send(id, call);
      });
    },
    on: (event, listener) =>
      events.on((told) => {
        if (told.event === event) listener(told.value as HostEventValue<typeof event>);
      }),
    onConnection(listener) {
      listener(channel.state === 'open');
      return channel.onState((state) => listener(state === 'open'));
    },
  };
}

/** One handler a method of the table; what they throw crosses the border as a fault. */
export type HostHandlers = { [M in HostMethodName]: (params: HostParams<M>) => Promise<HostResult<M>> };

/** What the host has to tell, in the order of its happening. */
export type HostNews = { [E in HostEventName]: { event: E; value: HostEventValue<E> } }[HostEventName];

export interface RpcService {
  methods: HostHandlers;
  /** Calls `listener` with everything that happens until the result is called. */
  events: (listener: (news: HostNews) => void) => Stop;
  /** Told of failures that are bugs of ours (`internal`), for the log. */
  onInternal?: (method: string, thrown: unknown) => void;
}

/** Answers the calls of one channel until it closes. */
export function serveRpc(channel: RpcChannel, service: RpcService): Stop {
  const stopEvents = service.events((news) => {
    if (channel.state === 'open') channel.send({ kind: 'event', ...news });
  });
  const stopMessages = channel.onMessage((message) => {
    const parsed = parseMessage(message);
    if (parsed?.kind === 'call') void answer(channel, service, parsed);
  });
  const stop: Stop = () => {
    stopEvents();
    stopMessages();
    stopState();
  };
  const stopState = channel.onState((state) => {
    if (state === 'closed') stop();
  });
  return stop;
}

async function answer(
  channel: RpcChannel,
  service: RpcService,
  call: Extract<RpcMessage, { kind: 'call' }>,
): Promise<void> {
  const { id, method } = call;
  try {
    if (!isMethod(method)) throw new TidemarkError('bad-request', { detail: `no method ${method}` });
    const { params } = hostMethods[method];
    if (!Check(params, call.params)) throw mismatch(method, params, call.params);
    const handler = service.methods[method] as (params: unknown) => Promise<unknown>;
    channel.send({ kind: 'result', id, value: await handler(call.params) });
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault.code === 'internal') service.onInternal?.(method, thrown);
    channel.send({ kind: 'fault', id, fault });
  }
}

function isMethod(name: string): name is HostMethodName {
  return Object.hasOwn(hostMethods, name);
}

function isEvent(name: string): name is HostEventName {
  return Object.hasOwn(hostEvents, name);
}

/** Names the place and the rule, never the value: it may be a password. */
function mismatch(method: string, schema: TSchema, value: unknown): TidemarkError {
  const [first] = Errors(schema, value);
  const where = first === undefined ? '' : `${first.instancePath || '/'} ${first.message}`;
  return new TidemarkError('bad-request', { detail: `${method}: ${where}` });
}

/** The fault, or null for anything else. */
export function parseFault(value: unknown): Fault | null {
  return Check(FaultSchema, value) ? value : null;
}

/** The message, or null for anything that is not of the protocol. */
function parseMessage(message: unknown): RpcMessage | null {
  if (typeof message !== 'object' || message === null) return null;
  const { kind, id, method, params, value, event, fault } = message as Record<string, unknown>;
  if (kind === 'event') return typeof event === 'string' ? { kind, event, value } : null;
  if (typeof id !== 'number') return null;
  if (kind === 'call') return typeof method === 'string' ? { kind, id, method, params } : null;
  if (kind === 'result') return { kind, id, value };
  if (kind === 'fault') return Check(FaultSchema, fault) ? { kind, id, fault: fault } : null;
  return null;
}

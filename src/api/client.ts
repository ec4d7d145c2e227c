import { backoff, type BackoffLimits } from '../base/backoff.ts';
import { sleep, type Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { encodeRequest, type EncodedRequest } from '../contract/encode.ts';
import { isRepeatable, type Operation } from '../contract/operation.ts';
import { operationList, operations, type OperationName } from '../contract/table.ts';
import type { ArgsOf, ReplyOf } from '../contract/types.ts';
import { TatorError } from './error.ts';
import { exchange, type Fetch, type Progress } from './exchange.ts';
import { wideningOf } from './guard.ts';
import { replyOf } from './reply.ts';

export interface ClientOptions {
  /** Address of the server without `/rest`, such as `https://tator.example.org`. */
  host: string;
  /** From `create_obtain_auth_token`; only few operations do without. */
  token?: string | undefined;
  fetch: Fetch;
  clock: Clock;
  random: Random;
  /** Ends every call of this client. */
  signal?: AbortSignal | undefined;
  /** Longest silence of the server, ms; 60 s unless said otherwise. */
  timeout?: number;
  /** Tries of a call that is safe to repeat; 4 unless said otherwise. Nothing else is ever repeated. */
  tries?: number;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Longest silence of the server, ms. */
  timeout?: number;
  /** Told of each piece of the answer that arrives. */
  onProgress?: (progress: Progress) => void;
  /** Sent along as `Idempotency-Key`: a hub carries out a POST with the same key once. */
  idempotencyKey?: string | undefined;
  /** Asked with the bytes of each answer that is no failure: where it says true, they are not parsed, and the call resolves to null. */
  isKnown?: ((bytes: Uint8Array) => boolean) | undefined;
}

/** One method of the client. All parameters of path and query, and `body`, in one flat object. */
export type Call<Name extends OperationName> =
  object extends ArgsOf<Name>
    ? (args?: ArgsOf<Name>, options?: CallOptions) => Promise<ReplyOf<Name>>
    : (args: ArgsOf<Name>, options?: CallOptions) => Promise<ReplyOf<Name>>;

/** A method for every operation of the table, under its name. Every failure is a `TatorError`. */
export type TatorClient = { readonly [Name in OperationName]: Call<Name> } & {
  /** Address of the server, without a slash at the end. */
  readonly host: string;
  /** The same by name, for callers that have their arguments from elsewhere. */
  call(name: OperationName, args: unknown, options?: CallOptions): Promise<unknown>;
};

const WAITS: BackoffLimits = { base: 500, cap: 20_000 };

/** A client of one server for one user. It keeps no state and opens nothing that must be closed. */
export function createTatorClient(options: ClientOptions): TatorClient {
  const host = options.host.replace(/\/+$/, '');
  const call = (name: OperationName, args: unknown, callOptions: CallOptions = {}): Promise<unknown> =>
    perform(operations[name], asArgs(args), { ...options, host }, callOptions);
  const methods = operationList.map(({ name }) => [
    name,
    (args?: unknown, callOptions?: CallOptions) => call(name as OperationName, args, callOptions),
  ]);
  return { ...Object.fromEntries(methods), host, call } as TatorClient;
}

function asArgs(args: unknown): Readonly<Record<string, unknown>> {
  return typeof args === 'object' && args !== null ? (args as Record<string, unknown>) : {};
}

async function perform(
  operation: Operation,
  args: Readonly<Record<string, unknown>>,
  client: ClientOptions,
  call: CallOptions,
): Promise<unknown> {
  const request = requestOf(operation, args);
  const signal = anySignal(client.signal, call.signal);
  const tries = isRepeatable(operation) ? (client.tries ?? 4) : 1;
  for (let attempt = 0; ; attempt++) {
    try {
      return await performOnce(operation, request, client, { ...call, signal });
    } catch (error) {
      if (!(error instanceof TatorError) || !error.retry || attempt + 1 >= tries) throw error;
      await pause(
        operation,
        Math.max(error.retryAfter ?? 0, backoff(attempt, client.random, WAITS)),
        client,
        signal,
      );
    }
  }
}

/** The request, or a refusal of what is malformed or would touch more than was named. */
function requestOf(operation: Operation, args: Readonly<Record<string, unknown>>): EncodedRequest {
  const encoded = encodeRequest(operation, args);
  if (!encoded.ok) {
    // A list without items selects everything, also to read; an unknown filter does where it narrows a change.
    const widens = encoded.problems.some(
      ({ reason }) => reason === 'empty-list' || (reason === 'unknown' && operation.narrowedBy.length > 0),
    );
    const words = encoded.problems.map(({ argument, reason }) => `${argument}: ${reason}`).join(', ');
    throw new TatorError(operation.name, {
      code: widens ? 'would-widen' : 'bad-request',
      reached: 'not-sent',
      serverMessage: words,
    });
  }
  const widening = wideningOf(operation, args);
  if (widening === null) return encoded.value;
  throw new TatorError(operation.name, { code: 'would-widen', reached: 'not-sent', serverMessage: widening });
}

async function performOnce(
  operation: Operation,
  request: EncodedRequest,
  client: ClientOptions,
  call: CallOptions,
): Promise<unknown> {
  const result = await exchange(client.host + request.path, request, {
    fetch: client.fetch,
    clock: client.clock,
    token: client.token,
    signal: call.signal,
    timeout: call.timeout ?? client.timeout ?? 60_000,
    onProgress: call.onProgress,
    redirect: followsRedirects(operation) ? 'follow' : 'manual',
    idempotencyKey: call.idempotencyKey,
  });
  return replyOf(operation, result, call.isKnown);
}

function followsRedirects(operation: Operation): boolean {
  const wantsTheAddress = Object.values(operation.responses).some(({ kind }) => kind === 'redirect');
  return operation.method === 'GET' && !wantsTheAddress;
}

async function pause(
  operation: Operation,
  ms: number,
  client: ClientOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await sleep(client.clock, ms, signal);
  } catch (cause) {
    throw new TatorError(operation.name, { code: 'cancelled', reached: 'unknown' }, cause);
  }
}

function anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined);
  return given.length < 2 ? given[0] : AbortSignal.any(given);
}

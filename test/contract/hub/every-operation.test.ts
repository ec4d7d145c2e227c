import { randomUUID } from 'node:crypto';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTatorClient, type TatorClient } from '../../../src/api/client.ts';
import { TatorError } from '../../../src/api/error.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { NamedOperation } from '../../../src/contract/operation.ts';
import { operationList, operations, type OperationName } from '../../../src/contract/table.ts';
import { argsOf, ContractWorld } from '../../support/contract-world.ts';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { startMailServer, type MailServer } from '../../support/mail-server.ts';

/*
 * The contract, kept by the hub, operation by operation through the typed client: what succeeds (and is
 * seen by a second read), what is malformed, what is not there, and who may not.
 */

let hub: TestHub;
let mail: MailServer;
let call: HubClient;
let world: ContractWorld;
let client: TatorClient;
let stranger: TatorClient;
let nobody: TatorClient;

beforeAll(async () => {
  mail = await startMailServer();
  const env = { RUN_ALGORITHMS: '1', SMTP_URL: mail.url, MAIL_FROM: 'hub@ship.example' };
  hub = await startTestHub({ sample: true, env });
  call = hub.client();
  world = await ContractWorld.on(hub);
  const of = (token?: string) =>
    createTatorClient({
      host: hub.url,
      ...(token === undefined ? {} : { token }),
      fetch,
      clock: systemClock(),
      random: Math.random,
      tries: 1,
    });
  client = of(hub.token);
  stranger = of(await world.strangersToken());
  nobody = of();
});

afterAll(async () => {
  await hub.stop();
  await mail.stop();
});

const ajv = new Ajv2020({ strict: false, allowUnionTypes: true });
addFormats(ajv);

const nameOf = ({ name }: NamedOperation): OperationName => name as OperationName;

async function refusalOf(promise: Promise<unknown>): Promise<TatorError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TatorError) return error;
    throw error;
  }
  throw new Error('it was carried out');
}

describe('an operation succeeds', () => {
  it.for(operationList)('$name', async (operation) => {
    const name = nameOf(operation);
    const args = await world.args(name);
    const answer = await client.call(name, args);
    const [reply] = Object.values(operation.responses);
    if (reply?.kind === 'json' && !ajv.validate(reply.schema, answer))
      throw new Error(`${ajv.errorsText()} in ${JSON.stringify(answer).slice(0, 300)}`);
    await seenAfterwards(name, args, answer);
  });
});

/** Reads what was written, where the contract has a read of one: new, changed or gone. */
async function seenAfterwards(name: OperationName, args: Args, answer: unknown): Promise<void> {
  const [, verb, thing] = /^(create|update|delete)_(.+)$/.exec(name) ?? [];
  const read = `get_${thing}`;
  if (verb === undefined || thing?.endsWith('_list') || !isName(read)) return;
  // Ids of annotations name their marks: an edit and a delete answer with a new one.
  const moves = verb === 'create' || thing === 'localization' || thing === 'state';
  const place = placeOf(read, moves ? { ...args, id: idOf(answer) } : args);
  if (place === undefined) return;
  if (verb === 'delete') {
    // A job that is being cancelled needs a moment to end.
    await expect
      .poll(async () => isGone(await client.call(read, place).catch((error: unknown) => error)), {
        timeout: 20_000,
        message: `${read} after ${name}`,
      })
      .toBe(true);
    return;
  }
  const found = await client.call(read, place);
  if (verb === 'create') return;
  for (const [member, value] of Object.entries(args['body'] ?? {})) {
    if (isShown(found, member)) expect(found[member], member).toEqual(value);
  }
}

type Args = Record<string, unknown>;

function isName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

/** Path arguments of a read; undefined where they cannot be told, as for files by index. */
function placeOf(read: OperationName, args: Args): Args | undefined {
  const { pathParams, query } = operations[read] as NamedOperation;
  if (Object.values(query).some(({ required }) => required)) return undefined;
  const place = Object.keys(pathParams).map((param) => [param, args[param]] as const);
  return place.length === 0 || place.some(([, value]) => value === undefined)
    ? undefined
    : Object.fromEntries(place);
}

function idOf(answer: unknown): unknown {
  if (isShown(answer, 'object') && isShown(answer.object, 'id')) return answer.object.id;
  const id: unknown = isShown(answer, 'id') ? answer['id'] : undefined;
  return Array.isArray(id) ? id[0] : id;
}

function isShown<Member extends string>(value: unknown, member: Member): value is Record<Member, unknown> {
  return typeof value === 'object' && value !== null && member in value;
}

function isGone(found: unknown): boolean {
  if (found instanceof TatorError) return found.code === 'not-found';
  return isTombstone(found) || isCancelled(found);
}

function isTombstone(value: unknown): boolean {
  return isShown(value, 'variant_deleted') && value.variant_deleted === true;
}

/** What a job that was deleted becomes. */
function isCancelled(value: unknown): boolean {
  const job = isShown(value, 'job') ? value.job : value;
  return isShown(job, 'status') && !['Pending', 'Running'].includes(String(job.status));
}

/** Operations to which nothing malformed can be said: they take nothing, or any text. */
const takesAnything = new Set([
  ...['whoami', 'get_announcement_list', 'user_exists', 'get_organization_list'],
  ...['get_transcode', 'delete_transcode', 'get_job', 'delete_job'], // an unknown uid is a 404
]);

describe('an operation refuses what is malformed', () => {
  it.for(operationList)('$name', async (operation) => {
    const name = nameOf(operation);
    const request = await world.request(name);
    const wrong = malformed(operation, { ...request, args: argsOf(operation, request) });
    if (wrong === undefined) {
      expect([...takesAnything]).toContain(name);
      return;
    }
    const refusal = await refusalOf(client.call(name, wrong.args));
    // The client refuses wrong parameters itself; bodies are checked by the server alone.
    if (refusal.reached !== 'not-sent') expect(refusal.status).toBe(400);
    const late = await call(request.method, wrong.path, wrong.body);
    expect({ status: late.status, message: typeof late.body.message }).toEqual({
      status: 400,
      message: 'string',
    });
  });
});

interface Wrong {
  path: string;
  body: unknown;
  args: Args;
}

const numbers = new Set(['id', 'project', 'organization', 'version']);

/** The request with one thing wrong: its body, else an id, else a number in the query. */
function malformed(operation: NamedOperation, { path, body, args }: Wrong): Wrong | undefined {
  if (operation.body?.required === true) return { path, body: 'text', args: { ...args, body: 'text' } };
  const id = Object.keys(operation.pathParams).find((param) => numbers.has(param));
  if (id !== undefined) {
    const bad = path.replace(new RegExp(`(?<=/)${String(args[id])}(?=[/?]|$)`), 'one');
    return { path: bad, body, args: { ...args, [id]: 'one' } };
  }
  const number = Object.entries(operation.query).find(
    ([, { schema }]) => isShown(schema, 'type') && schema.type === 'integer',
  );
  if (number !== undefined) {
    const [param] = number;
    return {
      path: `${path}${path.includes('?') ? '&' : '?'}${param}=many`,
      body,
      args: { ...args, [param]: 'many' },
    };
  }
  return undefined;
}

const absent = { uid: randomUUID(), elemental_id: randomUUID() };

describe('an operation says of what is not there that it is not', () => {
  const named = operationList.filter(({ pathParams }) => Object.keys(pathParams).length > 0);

  it.for(named)('$name', async (operation) => {
    const name = nameOf(operation);
    const last = Object.keys(operation.pathParams).at(-1) ?? '';
    const args = { ...(await world.args(name)), [last]: { ...absent }[last] ?? 2_000_000_000 };
    const refusal = await refusalOf(client.call(name, args));
    expect({ code: refusal.code, status: refusal.status }).toEqual({ code: 'not-found', status: 404 });
  });
});

/** Done for whoever asks, each for his own. */
const forEverybody = new Set(['signed-in', 'anyone']);

describe('an operation is refused to those who may not', () => {
  it.for(operationList)('$name', async (operation) => {
    const name = nameOf(operation);
    const args = await world.args(name);
    if (!forEverybody.has(operation.permission)) {
      const refusal = await refusalOf(stranger.call(name, args));
      expect(['forbidden', 'not-found']).toContain(refusal.code);
      // What belongs to one user does not exist for others; everything else says what is missing.
      if (!/bookmark|favorite/.test(name)) expect(refusal.status).toBe(403);
    }
    if (operation.permission !== 'anyone') {
      const refusal = await refusalOf(nobody.call(name, args));
      expect(refusal.advice).toBe('sign-in');
    }
  });
});

import { operations } from '../../contract/table.ts';
import type { Operation } from '../../contract/operation.ts';
import { TidemarkError, type ErrorCode } from '../../contract/errors.ts';
import type { CallServer } from './server-link.ts';

const defaultTimeout = 60_000;

/** Runs one operation of the contract over HTTP. */
export const callTator: CallServer = async (
  connection,
  name,
  args,
  { timeoutMs = defaultTimeout, signal } = {},
) => {
  const operation = (operations as Readonly<Record<string, Operation>>)[name];
  if (operation === undefined) throw new TidemarkError('unsupported-operation', { detail: name });
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await send(connection.host + urlOf(operation, args), {
    method: operation.method,
    headers: {
      accept: 'application/json',
      ...(connection.token === null ? {} : { authorization: `Token ${connection.token}` }),
      ...(args['body'] === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(args['body'] === undefined ? {} : { body: JSON.stringify(args['body']) }),
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  });
  const text = await response.text().catch((cause: unknown) => {
    throw new TidemarkError('garbled-answer', { detail: name, cause });
  });
  if (!response.ok)
    throw new TidemarkError(codeOf(response.status, name, text), {
      status: response.status,
      detail: text.slice(0, 300),
    });
  try {
    return text === '' ? null : JSON.parse(text);
  } catch (cause) {
    throw new TidemarkError('garbled-answer', { detail: name, cause });
  }
};

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : '';
    throw new TidemarkError(
      name === 'TimeoutError' ? 'timeout' : name === 'AbortError' ? 'cancelled' : 'offline',
      { cause },
    );
  }
}

function urlOf(operation: Operation, args: Readonly<Record<string, unknown>>): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(args[name])),
  );
  const query = new URLSearchParams();
  for (const [name, { style }] of Object.entries(operation.query)) {
    const value = args[name];
    if (value === undefined) continue;
    if (style === 'base64') query.set(name, Buffer.from(JSON.stringify(value)).toString('base64'));
    else if (style === 'repeat' && Array.isArray(value))
      for (const item of value) query.append(name, String(item));
    else query.set(name, Array.isArray(value) ? value.join(',') : String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

function codeOf(status: number, operation: string, text: string): ErrorCode {
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not-found';
  if (status >= 500) return 'server-busy';
  if (operation === 'create_obtain_auth_token') return /lock/i.test(text) ? 'locked-out' : 'bad-credentials';
  if (/token|credentials/i.test(text)) return 'bad-token';
  return 'rejected';
}

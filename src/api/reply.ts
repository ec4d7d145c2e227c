import type { Operation, Reply } from '../contract/operation.ts';
import { TatorError, failureOf } from './error.ts';
import type { Answer, Exchanged } from './exchange.ts';

/** What a call resolves to, or the error that it throws; null for a body that the caller knows. */
export function replyOf(
  operation: Operation,
  result: Exchanged,
  isKnown?: (bytes: Uint8Array) => boolean,
): unknown {
  if (result.kind === 'broken')
    throw new TatorError(operation.name, failureOf(operation.name, result), result.cause);
  if (isSuccess(operation, result))
    return isKnown?.(result.bytes) === true
      ? null
      : valueOf(operation, expectedReply(operation, result.status), result);
  throw answerError(operation, result);
}

function isSuccess(operation: Operation, { status }: Answer): boolean {
  return (status >= 200 && status < 300) || Object.hasOwn(operation.responses, status);
}

/** Servers are not exact about 200 and 201: any success is read as the one that is declared. */
function expectedReply(operation: Operation, status: number): Reply {
  return operation.responses[status] ?? Object.values(operation.responses)[0] ?? { kind: 'empty' };
}

function valueOf(operation: Operation, reply: Reply, answer: Answer): unknown {
  switch (reply.kind) {
    case 'empty':
      return null;
    case 'image':
      return answer.bytes;
    case 'redirect':
      if (answer.location === null) throw answerError(operation, answer);
      return { location: answer.location };
    case 'json': {
      const value = closedJson(answer.bytes);
      if (value === undefined || !hasShapeOf(reply.schema, value)) throw answerError(operation, answer);
      return value;
    }
  }
}

function answerError(operation: Operation, answer: Answer): TatorError {
  const { status, retryAfter, bytes } = answer;
  const text = new TextDecoder().decode(bytes);
  return new TatorError(
    operation.name,
    failureOf(operation.name, { kind: 'answer', status, retryAfter, text }),
  );
}

/**
 * The value of a body, or undefined. Lists are streamed, and a server that fails inside one just
 * ends it after a status of 200: only JSON that closes is an answer.
 */
function closedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether the outermost value is of the promised kind; what is inside is the caller's to parse. */
function hasShapeOf(schema: object, value: unknown): boolean {
  const type = (schema as { type?: unknown }).type;
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return typeof value === 'object' && value !== null;
  }
}

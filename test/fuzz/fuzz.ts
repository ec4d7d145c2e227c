import { seededRandom } from '../../src/base/random.ts';
import { operationList } from '../../src/contract/table.ts';
import type { Method } from '../../src/contract/operation.ts';
import type { TestHub } from '../support/hub.ts';
import { HubRequests } from '../support/hub-requests.ts';
import { mutated } from './mutate.ts';
import { wireOf, type Wire } from './wire.ts';

/** What a request got that no request may get. */
export interface Finding {
  seed: number;
  operation: string;
  request: string;
  answer: string;
}

const LIMIT_MS = 30_000;

/** Keeps the faults of the wire apart, so that a seed's mutations stay what they were. */
const WIRE_SEED = 500_000_000;

/** What is read comes first, what is deleted last: each run still finds what it names. */
const order: Readonly<Record<Method, number>> = { GET: 0, PUT: 1, POST: 2, PATCH: 3, DELETE: 4 };

/** One mutated request for every operation; each must be answered in time, and as no fault of the hub. */
export async function fuzzOnce(
  hub: TestHub,
  seed: number,
): Promise<{ requests: number; findings: Finding[]; statuses: Map<number, number> }> {
  const requests = await HubRequests.on(hub.client());
  const findings: Finding[] = [];
  const statuses = new Map<number, number>();
  const operations = operationList.toSorted((a, b) => order[a.method] - order[b.method]);
  for (const [i, operation] of operations.entries()) {
    const { method, path, body } = mutated(operation, await requests.of(operation.name), seed * 1000 + i);
    const sent = method === 'GET' ? undefined : body;
    const wire = wireOf(sent, seededRandom(WIRE_SEED + seed * 1000 + i));
    const answer = await send(hub, { method, path, wire });
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    // 503 is said on purpose: a service that this hub was not told of, a bucket that does not answer.
    const allowed = answer.status < 500 || answer.status === 503;
    const readable = answer.status < 400 || hasMessage(answer.text);
    if (allowed && readable && answer.status > 0) continue;
    findings.push({
      seed,
      operation: operation.name,
      request: `${method} ${path.slice(0, 300)} ${shown(wire)}`,
      answer: `${answer.status} ${answer.text.slice(0, 300)}`,
    });
  }
  return { requests: operations.length, findings, statuses };
}

/** Status 0: no answer in time. */
async function send(
  hub: TestHub,
  { method, path, wire }: { method: string; path: string; wire: Wire },
): Promise<{ status: number; text: string }> {
  try {
    const reply = await fetch(hub.url + path, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(LIMIT_MS),
      headers: { authorization: `Token ${hub.token}`, ...wire.headers },
      ...(wire.bytes === undefined ? {} : { body: new Uint8Array(wire.bytes) }),
    });
    return { status: reply.status, text: await reply.text() };
  } catch (error) {
    return { status: 0, text: String(error) };
  }
}

function shown({ headers, bytes }: Wire): string {
  return `${JSON.stringify(headers).slice(0, 300)} ${bytes?.toString('utf8', 0, 600) ?? ''}`;
}

function hasMessage(text: string): boolean {
  try {
    return typeof (JSON.parse(text) as { message?: unknown }).message === 'string';
  } catch {
    return false;
  }
}

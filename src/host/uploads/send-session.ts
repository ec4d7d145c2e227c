import { TidemarkError } from '../../contract/errors.ts';
import { checkUntouched } from './file-identity.ts';
import { partRange, type PartPlan } from './parts.ts';
import { putBytes } from './put.ts';
import type { SendOptions } from './send-parts.ts';
import { SessionLost } from './url-book.ts';

/**
 * Sends to a resumable session: one URL, bytes in order, multiples of 256 KiB but for the last. The store
 * alone knows how far it is, so it is asked first, and after each part. Resolves with whether all arrived.
 */
export async function sendToSession(options: SendOptions): Promise<boolean> {
  const { session, parts, identity, path } = options;
  const { size } = identity;
  const plan: PartPlan = { partBytes: session.partBytes, count: session.urls.length };
  const url = session.urls[0] ?? '';
  let there = await askHowFar(url, size, options);
  for (;;) {
    await noteArrived(options, plan, there);
    options.onProgress(there);
    if (there >= size) return parts.arrived.size === plan.count;
    if (options.yields()) return false;
    options.signal.throwIfAborted();
    await checkUntouched(path, identity);
    const length = Math.min(plan.partBytes, size - there);
    const from = there;
    const range = `bytes ${from}-${from + length - 1}/${size}`;
    const answer = await putBytes(
      { path, start: from, length, url, headers: { 'content-range': range } },
      { ...options, onSent: (sent) => options.onProgress(from + sent) },
    );
    there = reached(answer.status, answer.headers, size);
    if (there <= from) throw new TidemarkError('garbled-answer', { detail: 'the session took nothing' });
  }
}

async function askHowFar(url: string, size: number, { server, signal }: SendOptions): Promise<number> {
  const response = await server.transfer(url, {
    method: 'PUT',
    headers: { 'content-length': '0', 'content-range': `bytes */${size}` },
    redirect: 'manual',
    signal,
  });
  await response.arrayBuffer().catch(() => {});
  return reached(response.status, response.headers, size);
}

/** Bytes that the store has, from its answer. */
function reached(status: number, headers: Headers, size: number): number {
  if (status === 200 || status === 201) return size;
  if (status === 308) {
    const last = /^bytes=0-(\d+)$/.exec(headers.get('range') ?? '')?.[1];
    return last === undefined ? 0 : Number(last) + 1;
  }
  if (status >= 500 || status === 429 || status === 408)
    throw new TidemarkError('server-busy', { status, detail: 'upload session' });
  if (status >= 400) throw new SessionLost(`the store answered ${status}`);
  throw new TidemarkError('garbled-answer', { status, detail: 'upload session' });
}

/** Parts below the border, for the count that the user sees and for joining, which is a formality here. */
async function noteArrived({ parts, identity }: SendOptions, plan: PartPlan, there: number): Promise<void> {
  for (let part = parts.arrived.size + 1; part <= plan.count; part++) {
    const { start, length } = partRange(plan, identity.size, part);
    if (start + length > there) return;
    await parts.add(part, String(part));
  }
}

import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/contract/host-rpc.ts';
import { TidemarkError } from '../../../src/contract/errors.ts';
import { createStreamImporter } from '../../../src/renderer/backend/importers.ts';

const MIB = 1024 * 1024;
const target = { account: 'a', projectId: 1, sectionId: null };
const clock = { now: () => 0, after: (_: number, run: () => void) => (queueMicrotask(run), () => {}) };

/** A host that keeps the bytes it got; `answers` come instead of the next ones. */
function receiver(answers: ('drop' | 'disk-full' | number)[] = []): {
  host: Host;
  send: typeof fetch;
  calls: string[];
  size: () => number;
} {
  let received = 0;
  const calls: string[] = [];
  const host = {
    call: (method: string, params: { name?: string }) => {
      calls.push(method);
      if (params.name === 'refused.mp4') return Promise.reject(new TidemarkError('disk-full'));
      return Promise.resolve({ importId: 'i', mediaKey: 'm', offset: received });
    },
  } as unknown as Host;
  const send = (address: unknown, init?: RequestInit): Promise<Response> => {
    const answer = answers.shift();
    calls.push(String(address));
    if (answer === 'drop') return Promise.reject(new TypeError('network'));
    // What the host answers: 500 with the fault as data, whatever the fault is.
    if (typeof answer === 'string') {
      const fault = new TidemarkError(answer).fault;
      return Promise.resolve(new Response(JSON.stringify({ fault }), { status: 500 }));
    }
    if (answer !== undefined) return Promise.resolve(new Response(null, { status: answer }));
    received += (init?.body as ArrayBuffer).byteLength;
    return Promise.resolve(new Response('{}'));
  };
  return { host, send: send, calls, size: () => received };
}

const options = (): { progress: number[]; onProgress: (n: number) => void; signal: AbortSignal } => {
  const progress: number[] = [];
  return { progress, onProgress: (n) => progress.push(n), signal: new AbortController().signal };
};

describe('sending a file to the host', () => {
  it('goes in pieces that join without a gap', async () => {
    const host = receiver();
    const heard = options();
    await createStreamImporter(host.host, clock, host.send).add(
      new File([new Uint8Array(20 * MIB)], 'dive.mp4'),
      target,
      heard,
    );
    expect(host.size()).toBe(20 * MIB);
    expect(heard.progress).toEqual([0, 8 * MIB, 16 * MIB, 20 * MIB]);
  });

  it('goes on where it stopped after the connection broke', async () => {
    const answers: ('drop' | 'disk-full' | number)[] = [];
    const flaky = receiver(answers);
    const importer = createStreamImporter(flaky.host, clock, (address, init) => {
      if (flaky.calls.filter((call) => call.startsWith('/imports')).length === 1) answers.push('drop');
      return flaky.send(address, init);
    });
    await importer.add(new File([new Uint8Array(12 * MIB)], 'dive.mp4'), target, options());
    expect(flaky.size()).toBe(12 * MIB);
    expect(flaky.calls).toEqual([
      'imports.begin',
      '/imports/i?offset=0',
      `/imports/i?offset=${8 * MIB}`,
      'imports.begin',
      `/imports/i?offset=${8 * MIB}`,
    ]);
  });

  it('tells the host of an empty file as well, so that it can say what is wrong', async () => {
    const host = receiver();
    await createStreamImporter(host.host, clock, host.send).add(new File([], 'zero.mp4'), target, options());
    expect(host.calls).toEqual(['imports.begin', '/imports/i?offset=0']);
  });

  it('gives up at once on a full disk and tells the host', async () => {
    const host = receiver(['disk-full']);
    const adding = createStreamImporter(host.host, clock, host.send).add(
      new File(['x'], 'dive.mp4'),
      target,
      options(),
    );
    await expect(adding).rejects.toMatchObject({ code: 'disk-full' });
    expect(host.calls).toEqual(['imports.begin', '/imports/i?offset=0', 'imports.abandon']);
  });

  it('reports a file that vanished as gone', async () => {
    const host = receiver();
    const file = new File(['x'], 'dive.mp4');
    file.slice = () =>
      ({ arrayBuffer: () => Promise.reject(new DOMException('', 'NotFoundError')) }) as unknown as Blob;
    const adding = createStreamImporter(host.host, clock, host.send).add(file, target, options());
    await expect(adding).rejects.toMatchObject({ code: 'file-gone' });
    expect(host.calls).toContain('imports.abandon');
  });

  it('passes the refusal of the host on', async () => {
    const host = receiver();
    const adding = createStreamImporter(host.host, clock, host.send).add(
      new File(['x'], 'refused.mp4'),
      target,
      options(),
    );
    await expect(adding).rejects.toMatchObject({ code: 'disk-full' });
  });
});

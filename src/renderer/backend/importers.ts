import { sleep, type Clock } from '../../base/clock.ts';
import { errorFrom, TidemarkError, type Fault } from '../../contract/errors.ts';
import type { Host } from '../../contract/host-rpc.ts';
import { parseFault } from '../../contract/rpc.ts';
import type { Importer, ImportTarget } from './backend.ts';
import type { Shell } from './connect.ts';

/** Bytes of one request. A broken connection costs at most this much. */
const CHUNK = 8 * 1024 * 1024;
const TRIES = 5;

/** Electron: the host reads the file where it is. */
export function createPathImporter(host: Host, shell: Shell): Importer {
  return {
    add: async (file, target) => {
      const path = shell.pathOf(file);
      if (path === '') throw new TidemarkError('file-unreadable', { detail: file.name });
      await host.call('imports.addPath', { ...target, path });
    },
  };
}

/**
 * Browser: the page sends the bytes.
 *
 *   imports.begin --offset--> PUT chunk, PUT chunk, ... until all are there
 *        ^                        | connection broke: begin again, which tells where to go on
 *        +------------------------+
 */
export function createStreamImporter(host: Host, clock: Clock, send: typeof fetch): Importer {
  const attempt = async (
    file: File,
    target: ImportTarget,
    onProgress: (done: number) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const { name, size, lastModified } = file;
    const begun = await host.call('imports.begin', { ...target, name, size, lastModified });
    let offset = begun.offset;
    onProgress(offset);
    try {
      do {
        const chunk = await readChunk(file, offset);
        await putChunk(send, { importId: begun.importId, offset, chunk, signal });
        offset += chunk.byteLength;
        onProgress(offset);
      } while (offset < size);
    } catch (error) {
      if (error instanceof TidemarkError && error.advice !== 'retry') {
        await host.call('imports.abandon', { importId: begun.importId, reason: error.fault });
      }
      throw error;
    }
  };
  return {
    add: async (file, target, { onProgress, signal }) => {
      for (let tries = 1; ; tries++) {
        try {
          await attempt(file, target, onProgress, signal);
          return;
        } catch (error) {
          const mayRetry = error instanceof TidemarkError && error.advice === 'retry' && !signal.aborted;
          if (!mayRetry || tries === TRIES) throw error;
          await sleep(clock, 500 * 2 ** tries, signal);
        }
      }
    },
  };
}

/** Reading fails when the file vanished or changed since it was chosen. */
async function readChunk(file: File, offset: number): Promise<ArrayBuffer> {
  try {
    return await file.slice(offset, offset + CHUNK).arrayBuffer();
  } catch (cause) {
    throw new TidemarkError('file-gone', { detail: file.name, cause });
  }
}

interface Chunk {
  importId: string;
  offset: number;
  chunk: ArrayBuffer;
  signal: AbortSignal;
}

async function putChunk(send: typeof fetch, { importId, offset, chunk, signal }: Chunk): Promise<void> {
  let reply: Response;
  try {
    const address = `/imports/${encodeURIComponent(importId)}?offset=${offset}`;
    reply = await send(address, { method: 'PUT', body: chunk, signal });
  } catch (cause) {
    throw new TidemarkError(signal.aborted ? 'cancelled' : 'host-gone', { cause });
  }
  if (reply.ok) return;
  const fault = await faultIn(reply);
  // The host is at another offset than we think, or it is not the host that answers: beginning again tells.
  if (fault === null || fault.code === 'bad-request')
    throw new TidemarkError('host-gone', { status: reply.status });
  throw errorFrom(fault);
}

/** The fault that the host told, or null for an answer that is not its own. */
async function faultIn(reply: Response): Promise<Fault | null> {
  const body: unknown = await reply.json().catch(() => null);
  const fault = (body as { fault?: unknown } | null)?.fault;
  return parseFault(fault);
}

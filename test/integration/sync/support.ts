import { Dexie } from 'dexie';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { createTatorClient } from '../../../src/api/client.ts';
import { readExtension } from '../../../src/api/extensions.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { Stop } from '../../../src/base/disposable.ts';
import { TidemarkError } from '../../../src/contract/errors.ts';
import type { Host, HostMethodName, HostParams, LocalMedia } from '../../../src/contract/host-rpc.ts';
import type { OperationName } from '../../../src/contract/table.ts';
import { recorderOf } from '../../../src/engine/recorder.ts';
import { startEngine } from '../../../src/engine/start-engine.ts';
import { digested } from '../../../src/host/digested.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { AnnotationStore, Live } from '../../../src/store/types.ts';

Dexie.dependencies.indexedDB = new IDBFactory();
Dexie.dependencies.IDBKeyRange = IDBKeyRange;

/** A host that reaches the hub through the real client; its files and its recorder are in memory. */
export class DirectHost implements Host {
  offline = false;
  /** Fails the next call of this operation after the server has carried it out. */
  loseAnswerOf: string | null = null;
  readonly medias: LocalMedia[] = [];
  readonly enqueued: HostParams<'uploads.enqueue'>[] = [];
  /** Operations and extensions in the order in which they were called. */
  readonly called: string[] = [];
  readonly #log: { seq: number; body: string }[] = [];
  readonly #listeners = new Map<string, Set<(value: never) => void>>();
  readonly #client;

  readonly #url: () => string;
  readonly #token: string;

  constructor(url: () => string, token: string) {
    this.#url = url;
    this.#token = token;
    this.#client = () =>
      createTatorClient({ host: url(), token, fetch, clock: systemClock(), random: Math.random, tries: 1 });
  }

  async call(method: HostMethodName, params: never): Promise<never> {
    return (await this.#answer(method, params)) as never;
  }

  async #answer(method: HostMethodName, params: Record<string, unknown>): Promise<unknown> {
    switch (method) {
      case 'server.call':
        return this.#digested(params as unknown as HostParams<'server.call'>);
      case 'server.extension':
        return { value: await this.#extension(params as unknown as HostParams<'server.extension'>) };
      case 'recorder.append':
        for (const body of params.bodies as string[]) this.#log.push({ seq: this.#log.length + 1, body });
        return { seq: this.#log.length };
      case 'recorder.read':
        return {
          entries: this.#log.filter(({ seq }) => seq > (params.after as number)),
          first: 1,
          last: this.#log.length,
        };
      case 'media.list':
        return this.medias;
      case 'uploads.enqueue':
        this.enqueued.push(params as never);
        return {};
      default:
        return {};
    }
  }

  async #extension({ path, query }: HostParams<'server.extension'>): Promise<unknown> {
    if (this.offline) throw new TidemarkError('offline-by-choice');
    this.called.push(path);
    const clock = systemClock();
    return readExtension(path, query, { host: this.#url(), token: this.#token, fetch, clock });
  }

  async #digested(params: HostParams<'server.call'>): Promise<unknown> {
    const { known } = params;
    if (known === undefined) return { value: await this.#serverCall(params) };
    return digested(known, (isKnown) => this.#serverCall(params, isKnown));
  }

  async #serverCall(
    params: HostParams<'server.call'>,
    isKnown?: (bytes: Uint8Array) => boolean,
  ): Promise<unknown> {
    if (this.offline) throw new TidemarkError('offline-by-choice');
    const operation = params.operation as OperationName;
    this.called.push(operation);
    const { idempotencyKey } = params;
    const value = await this.#client().call(operation, params.args, { idempotencyKey, isKnown });
    if (this.loseAnswerOf !== operation) return value;
    this.loseAnswerOf = null;
    throw new TidemarkError('timeout');
  }

  on(event: string, listener: (value: never) => void): Stop {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  emit(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never);
  }

  onConnection(listener: (connected: boolean) => void): Stop {
    listener(true);
    return () => undefined;
  }

  setOffline(offline: boolean): void {
    this.offline = offline;
    this.emit('network.changed', { offlineByChoice: offline });
  }
}

export interface Workplace {
  host: DirectHost;
  store: AnnotationStore;
  startEngine(): Promise<Stop>;
}

/** A device: the page's store and its engine, both over one database. */
export async function makeWorkplace(url: () => string, token: string): Promise<Workplace> {
  const host = new DirectHost(url, token);
  const dexie = { indexedDB: new IDBFactory(), IDBKeyRange };
  const clock = systemClock();
  const makeId = (): string => crypto.randomUUID();
  const { store } = await openStore({
    accountId: 'crew',
    recorder: recorderOf(host, 'crew'),
    clock,
    makeId,
    dexie,
  });
  return {
    host,
    store,
    startEngine: () => startEngine({ host, account: 'crew', clock, random: Math.random, makeId, dexie }),
  };
}

export function now<T>(live: Live<T>): Promise<T> {
  return new Promise((resolve) => {
    const stop = live.subscribe((value) => {
      resolve(value);
      setTimeout(() => stop());
    });
  });
}

/** A probed video of the device, whose file nobody asks for here. */
export function localVideo(key: string, projectId: number): LocalMedia {
  return {
    key,
    account: 'crew',
    projectId,
    sectionId: null,
    name: 'dive.mp4',
    size: 1000,
    addedAt: Date.now(),
    stage: { kind: 'ready' },
    probe: {
      kind: 'video',
      width: 1920,
      height: 1080,
      codec: 'hevc',
      frameCount: 60,
      duration: 1,
      fps: 59.94,
      hasAudio: false,
      frameTableDigest: 'd',
      md5: '0'.repeat(32),
    },
    hasThumbnail: false,
    plays: 'source',
  };
}

import type { Clock } from '../base/clock.ts';
import { Stops, type Stop } from '../base/disposable.ts';
import type { MakeId, Random } from '../base/random.ts';
import type { Host } from '../contract/host-rpc.ts';
import { openStore, type OpenStoreOptions } from '../store/open-store.ts';
import { startSyncEngine } from '../sync/engine.ts';
import type { SyncStorage } from '../sync/ports.ts';
import { HostServer } from './host-server.ts';
import { LocalMedias } from './local-media.ts';
import { outlineLogOf, recorderOf } from './recorder.ts';
import { readExtensionOf, readUnlessOf, serverCallOf } from './server-call.ts';

export interface EngineParts {
  host: Host;
  account: string;
  clock: Clock;
  random: Random;
  makeId: MakeId;
  dexie?: NonNullable<OpenStoreOptions['dexie']>;
}

/**
 * Joins the engine of one account: the device database below, the server and the file system through
 * the host. Resolves when it runs; the result ends it. Rejects where the database cannot be opened.
 */
export async function startEngine({
  host,
  account,
  clock,
  random,
  makeId,
  dexie,
}: EngineParts): Promise<Stop> {
  const opened = await openStore({
    accountId: account,
    recorder: recorderOf(host, account),
    outlineLog: outlineLogOf(host, account),
    clock,
    makeId,
    ...(dexie === undefined ? {} : { dexie }),
  });
  const stops = new Stops();
  stops.add(() => opened.close());
  const medias = new LocalMedias({ host, account, device: opened.device, clock });
  const engine = startSyncEngine({
    storage: opened.sync,
    server: new HostServer({
      call: serverCallOf(host, account),
      readUnless: readUnlessOf(host, account),
      extension: readExtensionOf(host, account),
    }),
    clock,
    random,
    makeId,
    afterMedia: (projectId) => medias.orderUploads(projectId),
  });
  stops.add(() => engine.stop());
  followHost({ host, account, stops }, { engine, medias, storage: opened.sync });
  return stops.stop;
}

interface Followers {
  engine: ReturnType<typeof startSyncEngine>;
  medias: LocalMedias;
  storage: SyncStorage;
}

function followHost(
  { host, account, stops }: { host: Host; account: string; stops: Stops },
  { engine, medias, storage }: Followers,
): void {
  // A media that could not be entered now is entered with the next exchange (`orderUploads`).
  const entered = (entering: Promise<void>): void =>
    void entering.then(
      () => engine.wake(),
      () => undefined,
    );
  entered(medias.enterAll());
  // What cannot be told now is told with the next exchange; until then nothing is removed.
  const protect = (): void => void medias.protect().catch(() => undefined);
  stops.add(storage.onLocalEdit(protect));
  stops.add(host.on('media.removed', ({ mediaKey }) => void medias.forget(mediaKey).catch(() => undefined)));
  stops.add(host.on('media.changed', (media) => entered(medias.enter(media))));
  stops.add(host.on('network.changed', () => engine.restart()));
  stops.add(host.on('hub.changed', ({ kind }) => kind === 'running' && engine.restart()));
  stops.add(
    host.on('accounts.changed', ({ accounts }) => {
      if (accounts.some(({ id, signIn }) => id === account && signIn === 'signed-in')) engine.restart();
    }),
  );
  stops.add(
    host.onConnection((connected) => {
      if (!connected) return;
      medias.hostIsBack();
      protect();
      engine.restart();
    }),
  );
}

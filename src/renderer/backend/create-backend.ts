import type { Clock } from '../../base/clock.ts';
import type { Host } from '../../contract/host-rpc.ts';
import { openStore } from '../../store/open-store.ts';
import type { Backend } from './backend.ts';
import { shellOf } from './connect.ts';
import { createPathImporter, createStreamImporter } from './importers.ts';
import { createMediaSource } from './media-source.ts';
import { outlineLogOf, recorderOf } from './recorder-of.ts';

/** The real backend: the host over RPC, the store on this page's IndexedDB. */
export function createBackend({ host, clock, scope }: { host: Host; clock: Clock; scope: Window }): Backend {
  const shell = shellOf(scope);
  const makeId = (): string => scope.crypto.randomUUID();
  return {
    host,
    clock,
    makeId,
    media: createMediaSource(),
    importer:
      shell === null
        ? createStreamImporter(host, clock, (address, init) => scope.fetch(address, init))
        : createPathImporter(host, shell),
    openStore: async (accountId) => {
      const opened = await openStore({
        accountId,
        recorder: recorderOf(host, accountId),
        outlineLog: outlineLogOf(host, accountId),
        clock,
        makeId,
      });
      return opened.store;
    },
  };
}

import type { Host } from '../../contract/host-rpc.ts';
import type { Recorder } from '../../store/types.ts';

/** The flight recorder of an account, over the host's RPC. */
export function recorderOf(host: Host, account: string): Recorder {
  return {
    append: (bodies) => host.call('recorder.append', { account, bodies }),
    read: (after, limit) => host.call('recorder.read', { account, after, limit }),
    release: async (through) => {
      await host.call('recorder.release', { account, through });
    },
  };
}

/** The log beside it, for the projects and their catalogs. A log's name has at most 64 characters. */
export function outlineLogOf(host: Host, account: string): Recorder {
  return recorderOf(host, `${account.slice(0, 56)}-outline`);
}

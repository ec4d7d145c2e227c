import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machinePostgres } from '../../src/hub/postgres/binaries.ts';
import { startCluster } from '../../src/hub/postgres/cluster.ts';

/** A PostgreSQL beside the hub, as a lab runs one. */
export interface ExternalPostgres {
  url: string;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Whether this run of the tests is the one on the machine's PostgreSQL (the project `postgres`). */
export function wantsMachinePostgres(): boolean {
  return process.env['TIDEMARK_TEST_POSTGRES'] === 'machine';
}

/** A cluster in a folder of its own: of the machine's PostgreSQL where that is wanted, else the bundled one. */
export async function startExternalPostgres(): Promise<ExternalPostgres> {
  const binaries = wantsMachinePostgres() ? await machinePostgres() : undefined;
  if (wantsMachinePostgres() && !binaries) throw new Error('this machine has no PostgreSQL 15 or later');
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-postgres-'));
  const { url, stop } = await startCluster(folder, binaries);
  return {
    url,
    async stop() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

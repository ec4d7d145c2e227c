import { readdir } from 'node:fs/promises';
import { sql } from 'kysely';
import type { HubDeps } from '../deps.ts';
import { endLeftovers } from './algorithm-worker.ts';
import { jobLabel } from './containers/create-arguments.ts';
import { markedProcesses } from './leftovers.ts';

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/**
 * Ends what earlier hubs left on this machine of jobs that nobody works on any more: commands,
 * containers, volumes, folders. What other databases' jobs have here is left alone.
 */
export async function sweepLeftovers(deps: HubDeps): Promise<void> {
  const engine = await deps.containers.find();
  const filter = ['--filter', `label=${jobLabel}`, '--format'];
  const names = await Promise.all([
    engine?.call(['ps', '--all', ...filter, '{{.Names}}']),
    engine?.call(['volume', 'ls', ...filter, '{{.Name}}']),
  ]);
  const folders = (await readdir(deps.workFolder)).filter((name) => name.startsWith('job-'));
  const lines = [...names.flatMap((said) => said?.stdout.split('\n') ?? []), ...folders];
  const uids = lines.flatMap((line) => uuid.exec(line)?.[0] ?? []);
  for (const { uid } of await markedProcesses()) uids.push(...(uuid.exec(uid) ?? []));
  const { rows } = await sql<{ uid: string }>`SELECT uid FROM jobs
    WHERE uid = ANY(${[...new Set(uids)]}::uuid[])
      AND NOT (status = 'Running' AND coalesce(lease_until > now(), false))`.execute(deps.db);
  for (const { uid } of rows) await endLeftovers(deps, uid);
}

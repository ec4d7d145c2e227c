import { groupBy } from '../base/group.ts';
import { entityKey } from '../domain/identity.ts';
import { done, inBatches, settleContext, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import type { Answer, MarkQuery, Place, ServerRow } from './ports.ts';
import { settle } from './settle.ts';

/** Elemental ids in one look-up; each may bring its whole history. */
const idsAtOnce = 200;
const rowsAtOnce = 5000;

/** Reads all marks of the entities and settles whatever is open about them. */
export async function lookUp(deps: SyncDeps, projectId: number, places: Place[]): Promise<PartOutcome> {
  for (const group of groupBy(places, ({ ref }) => `${ref.kind}/${ref.version}`).values()) {
    for (const batch of inBatches(group, idsAtOnce)) {
      const read = await history(deps, projectId, batch);
      if (!read.ok) return stopped(read.failure);
      const rowsOf = groupBy(read.value, ({ ref }) => entityKey(ref));
      const context = settleContext(deps);
      await deps.storage.revise(batch, (states) =>
        states.map((state, i) =>
          settle(state, rowsOf.get(entityKey(batch[i]?.ref ?? nowhere)) ?? [], context),
        ),
      );
    }
  }
  return done;
}

const nowhere = { kind: 'localization', version: 0, elementalId: '' } as const;

async function history(
  { server }: SyncDeps,
  projectId: number,
  batch: Place[],
): Promise<Answer<ServerRow[]>> {
  const first = batch[0]?.ref ?? nowhere;
  if (first.kind !== 'localization' && first.kind !== 'state') return { ok: true, value: [] };
  const { kind, version } = first;
  const elementalIds = batch.map(({ ref }) => ref.elementalId);
  return readNamed({ server }, { projectId, kind, version, elementalIds, allMarks: true });
}

/** The rows of elements by their elemental ids, however many they are; in all versions where none is named. */
export async function readNamed(
  { server }: Pick<SyncDeps, 'server'>,
  query: Pick<MarkQuery, 'projectId' | 'kind' | 'version' | 'elementalIds' | 'allMarks'>,
): Promise<Answer<ServerRow[]>> {
  const rows: ServerRow[] = [];
  for (let after = 0; ;) {
    const answer = await server.readMarks({ ...query, after, limit: rowsAtOnce });
    if (!answer.ok) return answer;
    rows.push(...answer.value);
    const last = answer.value.at(-1);
    if (answer.value.length < rowsAtOnce || last === undefined) return { ok: true, value: rows };
    after = last.rowId;
  }
}

import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/base/json.ts';
import { entityKey, type EntityRef } from '../../../src/domain/identity.ts';
import type { SyncDeps } from '../../../src/sync/deps.ts';
import type { EntityState, ServerRow } from '../../../src/sync/ports.ts';
import { noteRenewals, openTracks, renewTracks } from '../../../src/sync/tracks.ts';
import { attemptOf, editOf, ref, rowOf, stateOf } from './support.ts';

const track: EntityRef = { kind: 'state', version: 1, elementalId: 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb' };
const naming = { localizations: [ref.elementalId] };
const place = { ref, media: 'm' };
/** Its create was sent, and nobody knows whether it arrived. */
const inDoubt = stateOf({
  edit: editOf({ ref: track, key: entityKey(track), op: 'create', changes: naming }),
  attempt: attemptOf({ key: entityKey(track), intent: 'create', baseMark: null, sent: naming }),
});

/** What tracks need of the engine's world. */
function worldOf({ states, outbox }: { states: ServerRow[]; outbox: EntityState[] }) {
  const cursors = new Map<string, Json>();
  const renewed: string[] = [];
  const recorded: Json[] = [];
  cursors.set('log/1/state', { whole: true });
  const deps = {
    clock: { now: () => 0 },
    storage: {
      cursor: (name: string) => Promise.resolve(cursors.get(name) ?? null),
      setCursor: (name: string, value: Json) => Promise.resolve(void cursors.set(name, value)),
      statesOf: () => Promise.resolve(states),
      outbox: () => Promise.resolve(outbox),
      recordDebt: (_: number, debt: Json) => Promise.resolve(void recorded.push(debt)),
    },
    server: {
      renewMembers: ({ elementalId }: EntityRef) => {
        renewed.push(elementalId);
        return Promise.resolve({ ok: true, value: null });
      },
    },
  } as unknown as SyncDeps;
  return { deps, cursors, renewed, recorded };
}

describe('the members of a track', () => {
  it('are owed to a track that is there, and to one whose create is in doubt', async () => {
    const { deps } = worldOf({ states: [], outbox: [] });
    const owing = (open: EntityState[]) => noteRenewals(deps, { projectId: 1, open }, [place]);
    expect(await owing([])).toEqual({});
    expect(await owing(openTracks([inDoubt]))).toEqual({ 'renew/1': { m: [ref.elementalId] } });
    const there = worldOf({ states: [rowOf({ ref: track, fields: naming })], outbox: [] });
    expect(await noteRenewals(there.deps, { projectId: 1, open: [] }, [place])).toEqual({
      'renew/1': { m: [ref.elementalId] },
    });
    // For a device that has lost its database by then.
    expect(there.recorded).toEqual([{ m: [ref.elementalId] }]);
  });

  it('are owed to whatever tracks there may be, as long as the tracks were not read', async () => {
    const { deps, cursors } = worldOf({ states: [], outbox: [] });
    cursors.delete('log/1/state');
    expect(await noteRenewals(deps, { projectId: 1, open: [] }, [place])).toEqual({
      'renew/1': { m: [ref.elementalId] },
    });
  });

  it('stay owed until it is known whether the track is there, and are renewed then', async () => {
    const outbox = [inDoubt];
    const states: ServerRow[] = [];
    const { deps, cursors, renewed } = worldOf({ states, outbox });
    cursors.set('renew/1', { m: [ref.elementalId] });
    await renewTracks(deps, 1);
    expect(cursors.get('renew/1')).toEqual({ m: [ref.elementalId] });
    outbox.pop();
    states.push(rowOf({ ref: track, fields: naming }));
    await renewTracks(deps, 1);
    expect(renewed).toEqual([track.elementalId]);
    expect(cursors.get('renew/1')).toEqual({});
  });
});

import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/base/clock.ts';
import { TidemarkError } from '../../../../src/contract/errors.ts';
import type { Host } from '../../../../src/contract/host-rpc.ts';
import type { Live, RecoveryReport } from '../../../../src/store/types.ts';
import type { Attempt, Conflict, Edit } from '../../../../src/sync/ports.ts';
import { alikeTo, conflictGroups } from '../../../../src/renderer/features/sync/conflict-groups.ts';
import { ConflictsController } from '../../../../src/renderer/features/sync/conflicts-controller.svelte.ts';
import { QueueController } from '../../../../src/renderer/features/sync/queue-controller.svelte.ts';
import { fileStamp, queueDocument, queueTable } from '../../../../src/renderer/features/sync/queue-export.ts';
import {
  queueIndex,
  standingOf,
  type QueueFacts,
} from '../../../../src/renderer/features/sync/queue-reason.ts';
import { queueGroups } from '../../../../src/renderer/features/sync/queue-items.ts';
import { RecoveryController } from '../../../../src/renderer/features/sync/recovery-controller.svelte.ts';
import { ServerController } from '../../../../src/renderer/features/sync/server-controller.svelte.ts';
import { UploadsController } from '../../../../src/renderer/features/sync/uploads-controller.svelte.ts';

const still: Clock = { now: () => 1000, after: () => () => undefined };

function live<T>(value: T): Live<T> {
  return {
    subscribe(next) {
      next(value);
      return () => undefined;
    },
  };
}

function edit(id: string, change: Partial<Edit> = {}): Edit {
  return {
    key: `localization/1/${id}`,
    ref: { kind: 'localization', version: 1, elementalId: id },
    projectId: 1,
    type: 7,
    media: 'm1',
    op: 'edit',
    base: null,
    changes: { geometry: null, 'attributes.Label': 'Sebastes' },
    revision: 1,
    maybeSent: false,
    status: { kind: 'pending' },
    createdAt: 0,
    updatedAt: 0,
    ...change,
  };
}

function conflict(id: string, change: Partial<Conflict> = {}): Conflict {
  const { key, ref, projectId, media } = edit(id);
  return {
    ...{ id, key, ref, projectId, media },
    field: 'attributes.Label',
    base: 'a',
    mine: 'b',
    theirs: 'c',
    theirsBy: null,
    theirsAt: '2026-03-04T09:05:00Z',
    theirsMark: 2,
    at: 0,
    ...change,
  };
}

const lookups = {
  mediaName: (key: string) => (key === 'm1' ? 'Dive 1' : null),
  typeName: () => 'Box',
  label: () => null,
  userName: () => null,
};

const index = (facts: Partial<QueueFacts> = {}, edits: Edit[] = []) =>
  queueIndex(edits, {
    ...{ doubts: [], conflicts: [], projects: [], hidden: [] },
    connection: { kind: 'online' },
    ...facts,
  });

const parked = { kind: 'parked', reason: 'Too deep.', at: 500 } as const;

describe('the queue', () => {
  it('puts what waits for the user first, in its media and among the media', () => {
    const edits = [edit('a'), edit('b', { media: 'm2' }), edit('c', { media: 'm2', status: parked })];
    const groups = queueGroups(edits, lookups, index());
    expect(groups.map(({ name }) => name)).toEqual(['m2', 'Dive 1']);
    expect(groups[0]?.items.map(({ state, reason }) => [state, reason])).toEqual([
      ['parked', 'Too deep.'],
      ['pending', 'Sent with the next exchange.'],
    ]);
  });

  it('says what an edit changes, and marks one whose sending is unknown', () => {
    const [group] = queueGroups([edit('a', { maybeSent: true })], lookups, index());
    expect(group?.items[0]).toMatchObject({ title: 'Box', state: 'doubt', summary: 'Changed: Shape, Label' });
  });

  it('gives a reason for each edit that waits, and its time', () => {
    const create = { kind: 'media', version: 0, elementalId: 'm3' } as const;
    const edits = [
      edit('asked'),
      edit('lost', { createdAt: 5 }),
      edit('hidden', { projectId: 2 }),
      edit('viewed', { projectId: 3 }),
      edit('refused', { status: { kind: 'waiting', reason: 'Permission denied.', at: 9 } }),
      edit('m3', { ref: create, key: 'media/0/m3', op: 'create', media: 'm3' }),
      edit('later', { media: 'm3' }),
      edit('drawn', { ref: { kind: 'localization', version: -7, elementalId: 'drawn' } }),
    ];
    const doubt = { key: 'localization/1/lost', at: 40 } as unknown as Attempt;
    const project = { id: 3, name: 'Cruise', summary: '', permission: 'View Only' };
    const facts = index(
      {
        doubts: [doubt],
        conflicts: [conflict('asked')],
        projects: [project],
        hidden: [{ id: 2, name: 'Reef', since: 1, unsynced: 1 }],
      },
      edits,
    );
    const found = edits.map((one) => standingOf(one, facts));
    expect(found.map(({ state }) => state)).toEqual([
      'pending',
      'doubt',
      'waiting',
      'waiting',
      'waiting',
      'pending',
      'pending',
      'pending',
    ]);
    expect(found.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('Conflicts'),
      expect.stringContaining('answer was lost'),
      expect.stringContaining('may not see Reef'),
      expect.stringContaining('only view Cruise'),
      expect.stringContaining('Permission denied.'),
      expect.stringContaining('next exchange'),
      expect.stringContaining('its media'),
      expect.stringContaining('its layer'),
    ]);
    expect(found[1]?.since).toBe(40);
    const signedOut = index({ connection: { kind: 'sign-in-needed' } });
    expect(standingOf(edit('a'), signedOut).reason).toContain('sign in');
  });

  it('is exported as a table whose cells may hold anything', () => {
    const changes = { 'attributes.Note': 'a "b", c\nd' };
    const table = queueTable([edit('a', { changes, updatedAt: 1000 })], lookups, index());
    const [head, line] = table.split('\r\n');
    expect(head?.split(',')).toHaveLength(14);
    expect(line).toContain('1,m1,Dive 1,localization,Box,a,1,edit,pending,Sent with the next exchange.,');
    expect(line).toContain('1970-01-01T00:00:01.000Z');
    const json = /"(\{.*\})"$/.exec(line ?? '')?.[1]?.replaceAll('""', '"');
    expect(JSON.parse(json ?? '')).toEqual(changes);
  });

  it('is exported whole', () => {
    const edits = [edit('a'), edit('b', { status: parked })];
    expect(JSON.parse(queueDocument(edits, 0))).toEqual({
      format: 'tidemark-queue',
      version: 1,
      exportedAt: '1970-01-01T00:00:00.000Z',
      edits,
    });
    expect(fileStamp(0)).toBe('1970-01-01T00-00-00');
  });

  it('keeps the edit and says why when the store refuses to discard it', async () => {
    const store = {
      outbox: () => live([edit('a', { status: parked })]),
      doubts: () => live([]),
      conflicts: () => live([]),
      projects: () => live([]),
      hiddenProjects: () => live([]),
      status: () =>
        live({
          connection: { kind: 'online' },
          activity: 'idle',
          lastSyncedAt: null,
          problem: null,
        } as const),
      retryParked: async () => undefined,
      discardParked: async () => {
        throw new TidemarkError('storage-failed');
      },
    };
    const controller = new QueueController({ store, clock: still });
    controller.start();
    await controller.discard('localization/1/a');
    expect(controller.notice).toMatchObject({ kind: 'failed', fault: { code: 'storage-failed' } });
    expect([controller.edits.length, controller.busy.size]).toEqual([1, 0]);
    await controller.retry(['localization/1/a']);
    expect(controller.notice).toEqual({ kind: 'retried', count: 1 });
  });
});

describe('conflicts', () => {
  const deletion = (id: string, mine: boolean) => conflict(id, { field: '$deleted', mine, theirs: !mine });

  function controllerOf(
    conflicts: Conflict[],
    resolve: (id: string) => void,
    undoStep: (media: string, id: string) => boolean = () => true,
  ) {
    const store = {
      conflicts: () => live(conflicts),
      resolveConflicts: async (ids: readonly string[]) => {
        for (const id of ids) resolve(id);
        const { media } = conflicts.find(({ id }) => id === ids[0])!;
        return [{ media, id: `step/${media}`, count: ids.length }];
      },
      undoStep: async (media: string, id: string) => undoStep(media, id),
    };
    const controller = new ConflictsController({ store });
    controller.start();
    return controller;
  }

  it('are alike in the same field, and deletions only when the same side deleted', () => {
    const all = [
      conflict('a'),
      conflict('b'),
      conflict('c', { field: 'frame' }),
      deletion('d', true),
      deletion('e', false),
    ];
    expect(alikeTo(all[0]!, all).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(alikeTo(all[3]!, all).map(({ id }) => id)).toEqual(['d']);
  });

  it('ask about a deletion in words, with answers that say what they do', () => {
    const [group] = conflictGroups([deletion('a', true), deletion('b', false)], lookups, {
      edits: [],
      me: 'Ana',
    });
    expect(group?.items.map(({ mineLabel, theirsLabel }) => [mineLabel, theirsLabel])).toEqual([
      ['Delete it', 'Keep their version'],
      ['Keep it with my changes', 'Delete it'],
    ]);
  });

  it('are answered one by one, or all alike at once', async () => {
    const resolved: string[] = [];
    const controller = controllerOf([conflict('a'), conflict('b')], (id) => resolved.push(id));
    await controller.choose('b', 'mine', { alike: false });
    expect(resolved).toEqual(['b']);
    await controller.choose('b', 'theirs', { alike: true });
    expect(resolved).toEqual(['b', 'b', 'a']);
    expect(controller.settled).toBe(2);
  });

  it('stop at the first answer that cannot be written, and say how many were', async () => {
    const inOther = conflict('b', { media: 'm2' });
    const controller = controllerOf([conflict('a'), inOther, conflict('c', { media: 'm3' })], (id) => {
      if (id === 'b') throw new TidemarkError('disk-full');
    });
    await controller.choose('a', 'mine', { alike: true });
    expect(controller).toMatchObject({ settled: 1, fault: { code: 'disk-full' } });
    expect(controller.busy.size).toBe(0);
  });

  it('can be taken back as they were answered, in every media where nothing else was changed since', async () => {
    const taken: string[] = [];
    const all = [conflict('a'), conflict('b', { media: 'm2' })];
    const controller = controllerOf(
      all,
      () => undefined,
      (media, id) => {
        taken.push(id);
        return media !== 'm2';
      },
    );
    expect(controller.undoable).toBe(false);
    await controller.choose('a', 'mine', { alike: true });
    expect(controller.undoable).toBe(true);
    await controller.undo();
    expect(taken).toEqual(['step/m1', 'step/m2']);
    expect(controller).toMatchObject({ undone: 'some', undoable: false, settled: 0 });
  });

  it('name who gave each value and when, and show the shape in its frame', () => {
    const geometry = { kind: 'box', x: 0.1, y: 0.2, width: 0.1, height: 0.1 };
    const base = {
      ...{ rowId: 1, mark: 0, type: 7, media: 'm1', deleted: false, createdBy: 4, modifiedBy: 5 },
      ref: edit('a').ref,
      fields: { frame: 12, geometry },
      modifiedAt: '2026-03-04T08:00:00Z',
    };
    const facts = { edits: [edit('a', { base, changes: { geometry }, updatedAt: 77 })], me: 'Ana' };
    const named = { ...lookups, userName: (user: number) => ({ 5: 'Ben', 6: 'Cy' })[user] ?? null };
    const [group] = conflictGroups(
      [conflict('a', { theirsBy: 6, baseBy: 5, baseAt: '2026-03-04T08:00:00Z' })],
      named,
      facts,
    );
    expect(group?.items[0]).toMatchObject({
      title: 'Box',
      authors: {
        base: { who: 'Ben', at: Date.parse('2026-03-04T08:00:00Z') },
        mine: { who: 'You (Ana)', at: 77 },
        theirs: { who: 'Cy', at: Date.parse('2026-03-04T09:05:00Z') },
      },
      picture: { media: 'm1', frame: 12, shapes: [{ side: 'mine', geometry }] },
    });
  });
});

describe('the server tab', () => {
  /** Records the calls; `answer` gives their results or throws. */
  function hostOf(answer: (method: string) => unknown) {
    const calls: [string, unknown][] = [];
    const call = async (method: string, params: unknown): Promise<unknown> => {
      calls.push([method, params]);
      return answer(method);
    };
    return { host: { call } as unknown as Pick<Host, 'call'>, calls };
  }
  const filled = { host: 'tator.example.org/', username: ' mara ', password: ' p ' };

  it('signs in with the whole address, the password untouched, and takes the account into use', async () => {
    const { host, calls } = hostOf(() => ({ id: 'a9' }));
    const controller = new ServerController(host);
    expect(await controller.signIn(filled)).toBe(true);
    expect(calls).toEqual([
      ['accounts.signIn', { host: 'https://tator.example.org', username: 'mara', password: ' p ' }],
      ['accounts.activate', { account: 'a9' }],
    ]);
  });

  it('sends nothing while a field is missing or the address is none', async () => {
    const { host, calls } = hostOf(() => ({}));
    const controller = new ServerController(host);
    await controller.signIn({ ...filled, host: 'not an address' });
    expect(controller.signInState).toEqual({ kind: 'incomplete', field: 'host', why: 'bad-address' });
    await controller.signIn({ ...filled, password: '' });
    expect(controller.signInState).toEqual({ kind: 'incomplete', field: 'password', why: 'missing' });
    expect(calls).toEqual([]);
  });

  it.each(['bad-credentials', 'locked-out', 'offline', 'garbled-answer'] as const)(
    'keeps the reason %s of a refused sign-in',
    async (code) => {
      const { host } = hostOf(() => {
        throw new TidemarkError(code);
      });
      const controller = new ServerController(host);
      expect(await controller.signIn(filled)).toBe(false);
      expect(controller.signInState).toMatchObject({ kind: 'failed', fault: { code } });
    },
  );

  it('says why an order failed, and forgets it with the next', async () => {
    let failing = true;
    const { host } = hostOf(() => {
      if (failing) throw new TidemarkError('hub-failed');
      return {};
    });
    const controller = new ServerController(host);
    await controller.startHub();
    expect(controller).toMatchObject({ busy: false, fault: { code: 'hub-failed' } });
    failing = false;
    await controller.setOffline(true);
    expect(controller.fault).toBeNull();
  });

  it('orders pause, resume, place and rules of uploads, and says why one was refused', async () => {
    const { host, calls } = hostOf((method) => {
      if (method === 'uploads.move') throw new TidemarkError('not-found');
      return {};
    });
    const controller = new UploadsController(host);
    await controller.pause(['k', 'l']);
    await controller.resume(['k']);
    await controller.move('k', 'first');
    expect(controller.fault).toMatchObject({ code: 'not-found' });
    await controller.setRules({ limit: 32_000, annotationsOnly: true });
    expect(controller.fault).toBeNull();
    expect(calls).toEqual([
      ['uploads.pause', { mediaKey: 'k' }],
      ['uploads.pause', { mediaKey: 'l' }],
      ['uploads.resume', { mediaKey: 'k' }],
      ['uploads.move', { mediaKey: 'k', place: 'first' }],
      ['uploads.setRules', { limit: 32_000, annotationsOnly: true }],
    ]);
  });
});

describe('the recovery notice', () => {
  it('goes at once when it is dismissed, and the store is told', () => {
    const report: RecoveryReport = { restored: [], rerecorded: 1, at: 0 };
    let dismissed = 0;
    const controller = new RecoveryController({
      recovery: () => live<RecoveryReport | null>(report),
      dismissRecovery: async () => {
        dismissed += 1;
      },
    });
    controller.start();
    expect(controller.report).toBe(report);
    controller.dismiss();
    expect([controller.report, dismissed]).toEqual([null, 1]);
  });
});

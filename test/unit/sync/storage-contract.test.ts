import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { beforeEach, describe, expect, it } from 'vitest';
import { entityKey, type EntityRef } from '../../../src/domain/identity.ts';
import { debtCursor } from '../../../src/domain/member-debt.ts';
import type { EditCommand } from '../../../src/store/types.ts';
import {
  mediaRef,
  type Attempt,
  type Conflict,
  type EntityState,
  type ServerMedia,
  type ServerRow,
  type SyncStorage,
} from '../../../src/sync/ports.ts';
import { DexieDevice, RealWork } from '../../simulation/dexie-device.ts';
import type { Fate, SimulatedDevice } from '../../simulation/device.ts';
import { Life } from '../../simulation/faults.ts';
import { MemoryDevice } from '../../simulation/memory-device.ts';
import { VirtualTime } from '../../simulation/virtual-time.ts';

/*
 * What the engine may rely on of its storage (`SyncStorage` in src/sync/ports.ts), and what a device keeps
 * when its process dies: the same tests for the simulation's device and for the real database.
 */

const media = '11111111-1111-4111-8111-111111111111';
const otherMedia = '22222222-2222-4222-8222-222222222222';
const now = 1_700_000_000_000;
const [a, b] = [refOf('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'), refOf('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb')];
const nothing: EntityState = { row: null, edit: null, attempt: null, conflicts: [] };

function refOf(elementalId: string, kind: 'localization' | 'state' = 'localization'): EntityRef {
  return { kind, version: 1, elementalId };
}

function rowOf(ref: EntityRef, over: Partial<ServerRow> = {}): ServerRow {
  return {
    ...{ ref, rowId: 100, mark: 0, type: 7, media, deleted: false, createdBy: 2, modifiedBy: 2 },
    ...{ fields: { frame: 3, 'attributes.A': 'x' }, modifiedAt: '2026-01-01T00:00:00.000Z' },
    ...over,
  };
}

function attemptOf(ref: EntityRef, state: Attempt['state']): Attempt {
  const key = entityKey(ref);
  return { id: `try ${key}`, key, revision: 1, intent: 'create', baseMark: null, sent: {}, state, at: now };
}

function conflictOf(ref: EntityRef): Conflict {
  return {
    ...{ id: `conflict ${ref.elementalId}`, key: entityKey(ref), ref, projectId: 1, media },
    ...{ field: 'frame', base: 1, mine: 2, theirs: 3, theirsBy: 4, theirsAt: '', theirsMark: 1, at: now },
  };
}

function mediaOf(key: string, over: Partial<ServerMedia> = {}): ServerMedia {
  return {
    ...{ key, serverId: 5, projectId: 1, type: 3, kind: 'video', name: 'clip', sectionId: null },
    ...{ width: 0, height: 0, frameCount: 0, fps: 0, attributes: { A: 'x' }, raw: {} },
    ...over,
  };
}

function commandOf(ref: EntityRef, frame: number, projectId = 1): EditCommand {
  const change = { kind: 'create' as const, ref, type: 7, media, fields: { frame } };
  return { projectId, media, label: 'draw', changes: [change] };
}

interface Bench {
  device: SimulatedDevice;
  storage: SyncStorage;
  restart(options?: { losingDatabase: boolean }): Promise<void>;
}

function bench(device: SimulatedDevice): Bench {
  const start = (): SyncStorage => device.storage(new Life(() => undefined));
  const made: Bench = {
    device,
    storage: start(),
    restart: async ({ losingDatabase } = { losingDatabase: false }) => {
      await device.restart({ losingDatabase, now });
      made.storage = start();
    },
  };
  return made;
}

let ids = 0;
const makeId = (): string => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`;
const work = new RealWork(() => new Promise((resolve) => setImmediate(resolve)));

const devices: [string, () => SimulatedDevice][] = [
  ['in memory', () => new MemoryDevice({ time: new VirtualTime(now), makeId, frozen: true })],
  [
    'of Dexie',
    () =>
      new DexieDevice({
        ...{ name: 'contract', time: new VirtualTime(now), makeId, work },
        dexie: { indexedDB: new IDBFactory(), IDBKeyRange },
      }),
  ],
];

describe.each(devices)('the storage %s', (_name, make) => {
  let at: Bench;

  beforeEach(() => {
    at = bench(make());
  });

  async function stateOf(ref: EntityRef): Promise<EntityState> {
    let found: EntityState = nothing;
    await at.storage.revise([{ ref, media }], ([state]) => {
      found = state ?? nothing;
      return [{}];
    });
    return found;
  }

  /** A server has the element as the user made it: the row comes, the edit goes. */
  function confirm(ref: EntityRef): Promise<void> {
    return at.storage.revise([{ ref, media }], () => [{ row: rowOf(ref), edit: null, attempt: null }]);
  }

  describe('revises', () => {
    it('what is known of an element as one, with the cursors', async () => {
      const revision = {
        ...{ row: rowOf(a), attempt: attemptOf(a, 'prepared'), conflicts: [conflictOf(a)] },
      };
      await at.storage.revise([{ ref: a, media }], () => [revision], { marks: 7 });
      expect(await stateOf(a)).toEqual({ ...nothing, ...revision });
      expect(await at.storage.cursor('marks')).toBe(7);
    });

    it('in the order of the places, and tells nothing of what is not known', async () => {
      await at.storage.revise([{ ref: b, media }], () => [{ row: rowOf(b) }]);
      let seen: EntityState[] = [];
      const places = [a, b].map((ref) => ({ ref, media }));
      await at.storage.revise(places, (states) => (seen = states).map(() => ({})));
      expect(seen).toEqual([nothing, { ...nothing, row: rowOf(b) }]);
    });

    it('only what a revision names', async () => {
      await at.storage.revise([{ ref: a, media }], () => [{ row: rowOf(a), conflicts: [conflictOf(a)] }]);
      await at.storage.revise([{ ref: a, media }], () => [{ row: rowOf(a, { mark: 1 }) }]);
      expect(await stateOf(a)).toEqual({
        ...nothing,
        row: rowOf(a, { mark: 1 }),
        conflicts: [conflictOf(a)],
      });
      await at.storage.revise([{ ref: a, media }], () => [{ conflicts: [] }]);
      expect(await stateOf(a)).toEqual({ ...nothing, row: rowOf(a, { mark: 1 }) });
    });

    it('nothing where the decision fails, cursors neither', async () => {
      await at.storage.revise([{ ref: a, media }], () => [{ row: rowOf(a) }], { marks: 1 });
      const failing = at.storage.revise(
        [{ ref: a, media }],
        () => {
          throw new Error('undecided');
        },
        { marks: 2 },
      );
      await expect(failing).rejects.toThrow('undecided');
      expect(await at.storage.cursor('marks')).toBe(1);
      expect(await stateOf(a)).toEqual({ ...nothing, row: rowOf(a) });
    });

    it('no row of a media: what was listed of it stands', async () => {
      await at.storage.putServerMedia(1, [mediaOf(media)], { complete: true });
      const listed = (await stateOf(mediaRef(media))).row;
      const place = { ref: mediaRef(media), media };
      await at.storage.revise([place], () => [{ row: { ...listed!, fields: { name: 'other' } } }]);
      expect((await stateOf(mediaRef(media))).row?.fields).toEqual(listed?.fields);
    });
  });

  describe('lists', () => {
    it('what is dirty of a project, with all that is known of it', async () => {
      await at.device.apply(commandOf(a, 1), now, 'saved');
      await at.device.apply(commandOf(b, 2, 2), now, 'saved');
      await at.storage.revise([{ ref: a, media }], () => [{ attempt: attemptOf(a, 'sent') }]);
      const [only, ...others] = await at.storage.outbox(1);
      expect(others).toEqual([]);
      expect(only).toMatchObject({ row: null, edit: { ref: a, op: 'create', changes: { frame: 1 } } });
      expect(only?.attempt).toEqual(attemptOf(a, 'sent'));
    });

    it('the marks of one media and kind, tombstones too', async () => {
      const [gone, track, elsewhere] = [
        rowOf(b, { rowId: 101, mark: 4, deleted: true }),
        rowOf(refOf('cccccccc-cccc-4ccc-8ccc-cccccccccccc', 'state')),
        rowOf(refOf('dddddddd-dddd-4ddd-8ddd-dddddddddddd'), { media: otherMedia }),
      ];
      const rows = [rowOf(a), gone, track, elsewhere];
      await at.storage.revise(
        rows.map(({ ref, media: home }) => ({ ref, media: home })),
        () => rows.map((row) => ({ row })),
      );
      const marks = (await at.storage.marksOf(media, 'localization')).map(({ ref, rowId, mark }) => ({
        ...{ ref, rowId, mark },
      }));
      expect(marks).toHaveLength(2);
      expect(marks).toEqual(
        expect.arrayContaining([
          { ref: a, rowId: 100, mark: 0 },
          { ref: b, rowId: 101, mark: 4 },
        ]),
      );
      expect(await at.storage.statesOf(media)).toEqual([track]);
    });

    it('knows exactly the rows of a media that are there, and none while something of the user waits', async () => {
      const rows = [rowOf(a), rowOf(b, { rowId: 101, mark: 4 })];
      await at.storage.revise(
        rows.map(({ ref }) => ({ ref, media })),
        () => rows.map((row) => ({ row })),
      );
      const knows = (told: ServerRow[]): Promise<boolean> => at.storage.isKnown(media, 'localization', told);
      expect(await knows(rows.toReversed())).toBe(true);
      expect(await knows(rows.slice(1))).toBe(false);
      expect(await knows([rowOf(a, { fields: { frame: 4 } }), ...rows.slice(1)])).toBe(false);
      await at.storage.revise([{ ref: a, media }], () => [{ conflicts: [conflictOf(a)] }]);
      expect(await knows(rows)).toBe(false);
    });

    it('tells the sum of the prints of a media, and none while one is not known or something waits', async () => {
      const sumAt = async (): Promise<number | null> =>
        (await at.storage.knownSets([{ media, cursor: 'audit' }], 'localization'))[0]!.sum;
      const puts = (row: ServerRow): Promise<void> =>
        at.storage.revise([{ ref: row.ref, media }], () => [{ row }]);
      expect(await sumAt()).toBe(0);
      await puts(rowOf(a, { print: 2 ** 51 + 1 }));
      await puts(rowOf(b, { rowId: 101, print: 2 ** 51 + 2 }));
      expect(await sumAt()).toBe(3);
      // One that was not told in a list.
      await puts(rowOf(b, { rowId: 101, fields: { frame: 4 } }));
      expect(await sumAt()).toBeNull();
      await puts(rowOf(b, { rowId: 101, print: 7 }));
      await at.storage.revise([{ ref: a, media }], () => [{ row: null }]);
      expect(await sumAt()).toBe(7);
      await at.storage.revise([{ ref: a, media }], () => [{ conflicts: [conflictOf(a)] }]);
      expect(await sumAt()).toBeNull();
      await at.storage.setCursor('audit', { x: 1 });
      const places = [media, otherMedia].map((one) => ({
        media: one,
        cursor: one === media ? 'audit' : 'none',
      }));
      expect(await at.storage.knownSets(places, 'localization')).toEqual([
        { sum: null, count: 1, cursor: { x: 1 } },
        { sum: 0, count: 0, cursor: null },
      ]);
    });

    it('takes over the prints of rows that are known by their values, and of no others', async () => {
      const rows = [rowOf(a, { print: 5 }), rowOf(b, { rowId: 101 })];
      await at.storage.revise(
        rows.map(({ ref }) => ({ ref, media })),
        () => rows.map((row) => ({ row })),
      );
      const sumAt = async (): Promise<number | null> =>
        (await at.storage.knownSets([{ media, cursor: 'audit' }], 'localization'))[0]!.sum;
      const told = [rowOf(b, { rowId: 101, print: 9 }), rowOf(a, { print: 5 })];
      const others = [{ ...told[0]!, fields: { frame: 4 } }, told[1]!];
      expect(await at.storage.isKnown(media, 'localization', others)).toBe(false);
      expect(await sumAt()).toBeNull();
      expect(await at.storage.isKnown(media, 'localization', told)).toBe(true);
      expect(await sumAt()).toBe(14);
      // The bytes of one have changed, though not what they say.
      const anew = [told[0]!, { ...told[1]!, print: 6 }];
      expect(await at.storage.isKnown(media, 'localization', anew)).toBe(true);
      expect(await sumAt()).toBe(15);
      // Told without prints, they keep theirs.
      const bare = told.map(({ print: _print, ...row }) => row);
      expect(await at.storage.isKnown(media, 'localization', bare)).toBe(true);
      expect(await sumAt()).toBe(15);
    });

    it('the medias of a project that the server has, as they were last told', async () => {
      await at.storage.putServerMedia(1, [mediaOf(media)], { complete: true });
      await at.storage.putServerMedia(2, [mediaOf(otherMedia, { projectId: 2, serverId: 6 })], {
        complete: true,
      });
      await at.storage.putServerMedia(1, [mediaOf(media, { name: 'renamed' })], { complete: true });
      expect(await at.storage.mediaIds(1)).toEqual(new Map([[media, 5]]));
      expect((await stateOf(mediaRef(media))).row).toMatchObject({
        ...{ rowId: 5, deleted: false, fields: { name: 'renamed', 'attributes.A': 'x' } },
      });
    });

    it('projects', async () => {
      expect(await at.storage.projectIds()).toEqual([]);
      const project = { id: 3, name: 'Dives' } as never;
      await at.storage.saveProjects([project]);
      expect(await at.storage.projectIds()).toEqual([3]);
    });

    it('nothing under a cursor that was never set', async () => {
      expect(await at.storage.cursor('marks')).toBeNull();
      await at.storage.setCursor('marks', { after: 3 });
      expect(await at.storage.cursor('marks')).toEqual({ after: 3 });
    });
  });

  describe('after the death of the process', () => {
    it('has all that was committed', async () => {
      await at.device.apply(commandOf(a, 1), now, 'saved');
      await at.storage.revise([{ ref: b, media }], () => [{ row: rowOf(b) }], { marks: 9 });
      await at.restart();
      expect((await stateOf(a)).edit?.changes).toEqual({ frame: 1 });
      expect((await stateOf(b)).row).toEqual(rowOf(b));
      expect(await at.storage.cursor('marks')).toBe(9);
    });

    it('doubts what was prepared or sent', async () => {
      for (const [ref, state] of [
        [a, 'prepared'],
        [b, 'sent'],
      ] as const)
        await at.storage.revise([{ ref, media }], () => [{ attempt: attemptOf(ref, state) }]);
      await at.restart();
      await at.storage.doubtSentAttempts();
      for (const ref of [a, b]) expect((await stateOf(ref)).attempt).toEqual(attemptOf(ref, 'in-doubt'));
    });

    it.each<[Fate, boolean]>([
      ['torn-recorder', true],
      ['torn-database', true],
      ['torn-nothing', false],
      ['refused', false],
    ])('has a command whole or not at all: %s', async (fate, isThere) => {
      await at.device.apply(commandOf(a, 1), now, fate);
      for (const losingDatabase of [false, true]) {
        await at.restart({ losingDatabase });
        expect((await stateOf(a)).edit !== null).toBe(isThere);
      }
    });
  });

  describe('after a death between the two copies', () => {
    it('takes the command from the recorder, and still knows the request that was open', async () => {
      const request: Attempt = { ...attemptOf(a, 'sent'), sent: { frame: 1 } };
      await at.device.apply(commandOf(a, 1), now, 'saved');
      await at.storage.revise([{ ref: a, media }], () => [{ attempt: request }]);
      const change = { kind: 'change' as const, ref: a, fields: { frame: 9 } };
      const command = { projectId: 1, media, label: 'move', changes: [change] };
      await at.device.apply(command, now, 'torn-database');
      await at.restart({ losingDatabase: false });
      const { edit, attempt } = await stateOf(a);
      // What was sent is known: nobody has to be asked about it.
      expect(edit).toMatchObject({ changes: { frame: 9 }, maybeSent: false });
      expect(attempt).toEqual(request);
    });
  });

  describe('after the loss of the database', () => {
    it('has the work that no server has confirmed, in doubt, and nothing else', async () => {
      await at.device.apply(commandOf(a, 1), now, 'saved');
      await at.device.apply(commandOf(b, 2), now, 'saved');
      await confirm(b);
      await at.storage.setCursor('marks', 4);
      await at.restart({ losingDatabase: true });
      const restored = await stateOf(a);
      expect(restored.edit).toMatchObject({ op: 'create', changes: { frame: 1 }, maybeSent: true });
      expect(restored.attempt).toMatchObject({ intent: 'create', state: 'in-doubt', sent: { frame: 1 } });
      expect(await stateOf(b)).toEqual(nothing);
      expect(await at.storage.cursor('marks')).toBeNull();
    });

    it('still knows the very create that was about to be sent, whatever the user did since', async () => {
      const batch = { key: 'request', at: 0, size: 1 };
      const request: Attempt = { ...attemptOf(a, 'sent'), sent: { frame: 1 }, batch };
      await at.device.apply(commandOf(a, 1), now, 'saved');
      await at.storage.revise([{ ref: a, media }], () => [{ attempt: request }]);
      await at.storage.recordRequest([request]);
      const change = { kind: 'change' as const, ref: a, fields: { frame: 9 } };
      await at.device.apply({ projectId: 1, media, label: 'move', changes: [change] }, now, 'saved');
      await at.restart({ losingDatabase: true });
      const { edit, attempt } = await stateOf(a);
      expect(edit).toMatchObject({ op: 'create', changes: { frame: 9 }, maybeSent: true });
      expect(attempt).toEqual({ ...request, state: 'in-doubt', recorded: true });
    });

    it('still knows the change that was on its way when the user took it back', async () => {
      const base = rowOf(a, { mark: 3, fields: { frame: 1 } });
      const request: Attempt = { ...attemptOf(a, 'sent'), intent: 'patch', baseMark: 3, sent: { frame: 9 } };
      await at.storage.revise([{ ref: a, media }], () => [{ row: base }]);
      const change = { kind: 'change' as const, ref: a, fields: { frame: 9 } };
      await at.device.apply({ projectId: 1, media, label: 'move', changes: [change] }, now, 'saved');
      await at.storage.revise([{ ref: a, media }], () => [{ attempt: request }]);
      await at.device.undo(media, now);
      await at.restart({ losingDatabase: true });
      const { edit, attempt } = await stateOf(a);
      expect(edit).toMatchObject({ base: { mark: 3 }, changes: {}, maybeSent: true });
      expect(attempt).toEqual({ ...request, state: 'in-doubt', recorded: true });
    });

    it('still knows the change that was on its way when the user answered a question about it', async () => {
      const request: Attempt = { ...attemptOf(a, 'sent'), intent: 'patch', baseMark: 3, sent: { frame: 9 } };
      await at.storage.revise([{ ref: a, media }], () => [{ row: rowOf(a, { mark: 3 }) }]);
      const change = { kind: 'change' as const, ref: a, fields: { frame: 9 } };
      await at.device.apply({ projectId: 1, media, label: 'move', changes: [change] }, now, 'saved');
      const conflicts = [conflictOf(a)];
      await at.storage.revise([{ ref: a, media }], () => [{ attempt: request, conflicts }]);
      await at.device.resolve(conflicts[0]!, 'theirs', now);
      await at.restart({ losingDatabase: true });
      expect((await stateOf(a)).attempt).toEqual({ ...request, state: 'in-doubt', recorded: true });
    });

    it('keeps what is owed already where it adds what the recorder tells', async () => {
      await at.storage.recordDebt(1, { [media]: [a.elementalId] });
      await at.storage.setCursor(debtCursor(1), { [otherMedia]: [b.elementalId] });
      await at.restart({ losingDatabase: false });
      const owed = await at.storage.cursor(debtCursor(1));
      expect(owed).toMatchObject({ [otherMedia]: [b.elementalId] });
    });

    it('still knows what the tracks are owed, also where the recorder was released before', async () => {
      const project = { id: 1, name: 'Dives', summary: '', permission: 'Can Edit' };
      const debt = { [media]: [a.elementalId] };
      const later = { [media]: [a.elementalId, b.elementalId] };
      await at.storage.saveProjects([project]);
      await at.storage.recordDebt(project.id, debt);
      await at.restart({ losingDatabase: true });
      expect(await at.storage.cursor(debtCursor(project.id))).toEqual(debt);
      await at.storage.saveProjects([project]);
      await at.device.apply(commandOf(a, 1), now, 'saved');
      await confirm(a);
      await at.storage.setCursor(debtCursor(project.id), later);
      await at.restart();
      await at.storage.releaseRecorder();
      await at.restart({ losingDatabase: true });
      expect(await at.storage.cursor(debtCursor(project.id))).toEqual(later);
    });

    it('still knows which request of an edit was the last, and what it had put back of others', async () => {
      const sent = { 'attributes.B': 'of others' };
      const request: Attempt = { ...attemptOf(a, 'sent'), intent: 'patch', baseMark: 5, sent };
      await at.storage.revise([{ ref: a, media }], () => [{ row: rowOf(a, { mark: 3 }) }]);
      const change = { kind: 'change' as const, ref: a, fields: { frame: 9 } };
      await at.device.apply({ projectId: 1, media, label: 'move', changes: [change] }, now, 'saved');
      await at.storage.recordRequest([{ ...request, baseMark: 3, sent: { frame: 9 } }]);
      await at.storage.recordRequest([request]);
      await at.restart({ losingDatabase: true });
      const { edit, attempt } = await stateOf(a);
      expect(edit).toMatchObject({ base: { mark: 3 }, changes: { frame: 9, ...sent } });
      expect(attempt).toEqual({ ...request, state: 'in-doubt', recorded: true });
    });

    it('still knows that the members of a track were about to be taken out before its delete', async () => {
      const track = refOf('cccccccc-cccc-4ccc-8ccc-cccccccccccc', 'state');
      const sent = { localizations: [] };
      const request: Attempt = { ...attemptOf(track, 'sent'), intent: 'patch', baseMark: 3, sent };
      await at.storage.revise([{ ref: track, media }], () => [{ row: rowOf(track, { mark: 3 }) }]);
      const changes = [{ kind: 'delete' as const, ref: track }];
      await at.device.apply({ projectId: 1, media, label: 'delete', changes }, now, 'saved');
      await at.storage.recordRequest([request]);
      await at.restart({ losingDatabase: true });
      const { edit, attempt } = await stateOf(track);
      expect(edit).toMatchObject({ op: 'delete', base: { mark: 3 }, changes: {} });
      // Else the mark that it made would be taken for a change of others, and asked about.
      expect(attempt).toEqual({ ...request, state: 'in-doubt', recorded: true });
    });

    it.each(['at once', 'after the recorder was released'])(
      'still asks what the engine asked about work that is confirmed otherwise: %s',
      async (when) => {
        const conflicts = [conflictOf(a)];
        await at.device.apply(commandOf(a, 1), now, 'saved');
        await at.storage.revise([{ ref: a, media }], () => [{ row: rowOf(a), edit: null, conflicts }]);
        if (when !== 'at once') {
          await at.device.apply(commandOf(b, 2), now, 'saved');
          await confirm(b);
          await at.storage.releaseRecorder();
        }
        await at.restart({ losingDatabase: true });
        expect(await stateOf(a)).toEqual({ ...nothing, conflicts });
      },
    );

    it('still asks about a field whose edit goes on, and does not once its user has answered', async () => {
      const change = { kind: 'change' as const, ref: a, fields: { frame: 9, 'attributes.A': 'y' } };
      await at.storage.revise([{ ref: a, media }], () => [{ row: rowOf(a) }]);
      await at.device.apply({ projectId: 1, media, label: 'move', changes: [change] }, now, 'saved');
      const { edit } = await stateOf(a);
      const base = rowOf(a, { mark: 1, fields: { frame: 3, 'attributes.A': 'y' } });
      const left = { ...edit!, base, changes: { frame: 9 } };
      const conflicts = [{ ...conflictOf(a), base: 3, mine: 9, theirs: 4 }];
      await at.storage.revise([{ ref: a, media }], () => [{ row: base, edit: left, conflicts }]);
      await at.restart({ losingDatabase: true });
      expect(await stateOf(a)).toMatchObject({ edit: { base, changes: { frame: 9 } }, conflicts });
      await at.device.resolve(conflicts[0]!, 'mine', now);
      await at.restart({ losingDatabase: true });
      expect(await stateOf(a)).toMatchObject({ edit: { changes: { frame: 9 } }, conflicts: [] });
    });

    it.each(['at once', 'after the recorder was released'])(
      'still knows of the create of a media that was on its way: %s',
      async (when) => {
        const ref = mediaRef(otherMedia);
        const edit = {
          ...{ key: entityKey(ref), ref, projectId: 1, type: 3, media: otherMedia, op: 'create' as const },
          ...{ base: null, changes: { name: 'clip' }, revision: 0, maybeSent: false },
          ...{ status: { kind: 'pending' as const }, createdAt: now, updatedAt: now },
        };
        const request: Attempt = { ...attemptOf(ref, 'sent'), revision: 0, sent: { name: 'clip' } };
        await at.device.addMedia(edit);
        await at.storage.revise([{ ref, media: otherMedia }], () => [{ attempt: request }]);
        await at.storage.recordRequest([request]);
        if (when !== 'at once') {
          await at.device.apply(commandOf(b, 2), now, 'saved');
          await confirm(b);
          await at.restart();
          await at.storage.releaseRecorder();
        }
        await at.restart({ losingDatabase: true });
        const [state] = await at.storage.outbox(1);
        // Else a second media would be made beside the one that the request makes.
        expect(state?.edit).toMatchObject({ op: 'create', changes: { name: 'clip' }, revision: 0 });
        expect(state?.attempt).toEqual({ ...request, state: 'in-doubt', recorded: true });
      },
    );

    it('has no request open for a media that the server told before the host did', async () => {
      const ref = mediaRef(otherMedia);
      const request: Attempt = { ...attemptOf(ref, 'sent'), revision: 0, sent: { name: 'clip' } };
      await at.storage.recordRequest([request]);
      await at.restart({ losingDatabase: true });
      await at.storage.putServerMedia(1, [mediaOf(otherMedia)], { complete: false });
      // Nobody would ever settle it.
      expect((await at.device.states()).get(entityKey(ref))?.attempt ?? null).toBeNull();
    });

    it('does not take an older create for the one of what was made again since', async () => {
      await at.device.apply(commandOf(a, 1), now, 'saved');
      await at.storage.recordRequest([attemptOf(a, 'sent')]);
      await at.storage.revise([{ ref: a, media }], () => [
        { row: rowOf(a, { mark: 3, deleted: true }), edit: null, attempt: null },
      ]);
      await at.device.apply(commandOf(a, 2), now, 'saved');
      await at.restart({ losingDatabase: true });
      expect((await stateOf(a)).attempt).toMatchObject({ baseMark: 3, sent: { frame: 2 } });
    });

    it('has it also where the recorder was released before', async () => {
      await at.device.apply(commandOf(b, 2), now, 'saved');
      await confirm(b);
      await at.device.apply(commandOf(a, 1), now, 'saved');
      await at.restart();
      await at.storage.releaseRecorder();
      await at.restart({ losingDatabase: true });
      expect((await stateOf(a)).edit?.changes).toEqual({ frame: 1 });
      expect((await stateOf(b)).edit).toBeNull();
    });

    it('has what moved to another version, where it is now, and can undo it there', async () => {
      const moved = { ...a, version: 31 };
      await at.device.apply(commandOf({ ...a, version: -5 }, 1), now, 'saved');
      await at.device.apply(commandOf(b, 2), now, 'saved');
      await at.storage.enterVersion(2, { from: -5, to: 30 });
      await at.storage.enterVersion(1, { from: -5, to: 31 });
      await confirm(b);
      await at.storage.releaseRecorder();
      expect(await stateOf({ ...a, version: -5 })).toEqual(nothing);
      expect((await stateOf(moved)).edit).toMatchObject({ ref: moved, key: entityKey(moved) });
      await at.restart({ losingDatabase: true });
      await at.storage.enterVersion(1, { from: -5, to: 31 });
      expect((await stateOf(moved)).edit?.changes).toEqual({ frame: 1 });
      expect(await at.device.undo(media, now)).toMatchObject({ steps: [{ ref: b }] });
      expect(await at.device.undo(media, now)).toMatchObject({ steps: [{ ref: moved }] });
    });

    it('can undo what was restored', async () => {
      await at.device.apply(commandOf(a, 1), now, 'saved');
      await at.restart({ losingDatabase: true });
      expect(await at.device.undo(media, now)).toMatchObject({ steps: [{ ref: a }] });
      expect((await stateOf(a)).edit?.op).toBe('delete');
      expect(await at.device.undo(media, now)).toBeNull();
    });
  });
});

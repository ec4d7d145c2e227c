import { describe, expect, it } from 'vitest';
import { entityKey } from '../../../src/domain/identity.ts';
import { pushMedia } from '../../../src/sync/media-push.ts';
import type { Attempt } from '../../../src/sync/ports.ts';
import { mediaRef, stockTraits } from '../../../src/sync/ports.ts';
import { Refusals } from '../../../src/sync/refusals.ts';
import { Forbiddances, Permissions } from '../../../src/sync/permissions.ts';
import { sendAgain } from '../../../src/sync/resend.ts';
import { Life } from '../../simulation/faults.ts';
import { MemoryDevice } from '../../simulation/memory-device.ts';
import { member, type Membership } from '../../simulation/memberships.ts';
import { SimulatedTator } from '../../simulation/simulated-tator.ts';
import { FaultyPort } from '../../simulation/tator-port.ts';
import { VirtualTime } from '../../simulation/virtual-time.ts';
import { attemptOf, editOf, ref } from './support.ts';

const fields = { frame: 1 };
const place = { ref, media: 'm' };

/** A device with one create in doubt, on a hub. */
function inDoubt(batch: Attempt['batch']) {
  const time = new VirtualTime(0);
  const makeId = () => 'id';
  const life = new Life(() => undefined);
  const tator = new SimulatedTator(() => time.now());
  const mediaId = tator.addMedia({ elementalId: 'm', type: 3, fields: {} });
  let membership: Membership = member;
  const server = new FaultyPort({
    ...{ tator, life, time, user: 1, kind: 'hub' },
    traffic: { requests: 0, trace: 0 },
    membership: () => membership,
  });
  const device = new MemoryDevice({ time, makeId });
  const attempt = attemptOf({ intent: 'create', baseMark: null, sent: fields });
  device.put(place, {
    edit: editOf({ op: 'create', changes: fields }),
    attempt: batch === undefined ? attempt : { ...attempt, batch },
  });
  const traits = { ...stockTraits, keyed: true };
  const deps = { storage: device.storage(life), server, clock: time, makeId, traits };
  const again = () => {
    const whole = { ...deps, refusals: new Refusals(), permissions: new Permissions() };
    const forbiddances = new Forbiddances(whole, 1);
    const mediaIds = new Map([['m', mediaId]]);
    return sendAgain(whole, { projectId: 1, forbiddances, kind: 'localization', mediaIds });
  };
  const may = (next: Membership): void => {
    membership = next;
  };
  const first = () => server.createAnnotations(1, [{ ref, type: 7, mediaIds: [mediaId], fields }], 'k');
  const run = async (work: () => Promise<unknown>): Promise<void> => {
    time.start(async () => {
      await work();
    });
    await time.drain();
  };
  const whole = { ...deps, refusals: new Refusals(), permissions: new Permissions() };
  return { tator, device, time, again, first, run, may, server, deps: whole };
}

describe('a create in doubt on a server that knows keys', () => {
  it('is sent again as the same request, and is carried out once where the first had arrived', async () => {
    const { tator, device, again, first, run } = inDoubt({ key: 'k', at: 0, size: 1 });
    await run(first);
    await run(again);
    expect(tator.log.map(({ row }) => row.fields)).toEqual([fields]);
    expect(device.state(place)).toMatchObject({ edit: null, attempt: null });
  });

  it('is carried out by the second request where the first was lost', async () => {
    const { tator, device, again, run } = inDoubt({ key: 'k', at: 0, size: 1 });
    await run(again);
    expect(tator.log).toHaveLength(1);
    expect(device.state(place)).toMatchObject({ edit: null, attempt: null });
  });

  it.each([
    ['Creator', 'waiting'],
    ['View Only', 'pending'],
  ])('stays in doubt under its key while its user, a %s, may not edit: it is %s', async (label, kind) => {
    const { tator, device, time, again, first, run, may } = inDoubt({ key: 'k', at: 0, size: 1 });
    may({ label, may: { read: true, edit: false, transfer: false, control: false } });
    await run(again);
    expect(tator.log).toEqual([]);
    expect(device.state(place)).toMatchObject({
      edit: { status: { kind } },
      attempt: { state: 'in-doubt', batch: { key: 'k' } },
    });
    // The first one comes after all, when the permission is back, and then the second.
    may(member);
    await run(first);
    await run(() => time.sleep(61_000));
    await run(again);
    expect(tator.log).toHaveLength(1);
    expect(device.state(place)).toMatchObject({ edit: null, attempt: null });
  });

  it('is waited for where its request cannot be put together again', async () => {
    const { tator, device, again, run } = inDoubt({ key: 'k', at: 0, size: 2 });
    await run(again);
    expect(tator.log).toEqual([]);
    expect(device.state(place).attempt).toEqual(
      attemptOf({ intent: 'create', baseMark: null, sent: fields }),
    );
  });
});

describe('a media whose create is in doubt on a server that knows keys', () => {
  it('stays so when it is sent again without a permission, and is made once when that is back', async () => {
    const { tator, device, time, run, may, server, deps } = inDoubt(undefined);
    const own = mediaRef('n');
    const of = { ref: own, media: 'n', key: entityKey(own) };
    const edit = editOf({ ...of, op: 'create', type: 3, changes: { name: 'dive.mp4' } });
    const attempt = attemptOf({ key: of.key, intent: 'create', baseMark: null, sent: edit.changes });
    device.put(of, { edit, attempt });
    const project = { id: 1, name: 'Dive', summary: '', permission: 'Creator' };
    deps.permissions.learn([project]);
    may({ label: 'Creator', may: { read: true, edit: false, transfer: false, control: false } });
    await run(() => pushMedia(deps, 1));
    expect(device.state(of)).toMatchObject({
      edit: { status: { kind: 'waiting' } },
      attempt: { id: attempt.id, state: 'in-doubt' },
    });
    may(member);
    const spec = { elementalId: 'n', type: 3, sectionId: null, fields: edit.changes };
    await run(() => server.createMedia(1, spec, attempt.id));
    await run(() => time.sleep(61_000));
    await run(() => pushMedia(deps, 1));
    expect(tator.media.filter(({ key }) => key === 'n')).toHaveLength(1);
    expect(device.state(of)).toMatchObject({ edit: null, attempt: null });
  });
});

import { describe, expect, it } from 'vitest';
import { entityKey, type EntityRef } from '../../../src/domain/identity.ts';
import { Loop } from '../../../src/sync/engine.ts';
import type { Answer, Edit, ServerPort } from '../../../src/sync/ports.ts';
import { Life } from '../../simulation/faults.ts';
import { MemoryDevice } from '../../simulation/memory-device.ts';
import { SimulatedTator } from '../../simulation/simulated-tator.ts';
import { FaultyPort, project } from '../../simulation/tator-port.ts';
import { VirtualTime } from '../../simulation/virtual-time.ts';
import { editOf } from './support.ts';

const forbidden: Answer<never> = { ok: false, failure: { kind: 'forbidden', message: 'Permission denied' } };

interface Rules {
  /** Null where the project is not listed. */
  label: string | null;
  bars: (ref: EntityRef) => boolean;
}

function boxOf(n: number): EntityRef {
  const elementalId = `aaaaaaaa-aaaa-4aaa-8aaa-${String(n).padStart(12, '0')}`;
  return { kind: 'localization', version: 1, elementalId };
}

/** A device over a hub that refuses what `bars` says, and lists the project with `label` (null: not at all). */
function scene() {
  const time = new VirtualTime(0);
  const makeId = () => crypto.randomUUID();
  const life = new Life(() => undefined);
  const tator = new SimulatedTator(() => time.now());
  tator.addMedia({ elementalId: 'm', type: 3, fields: {} });
  const traffic = { requests: 0, trace: 0 };
  const hub = new FaultyPort({ tator, life, time, user: 1, kind: 'hub', traffic });
  const rules: Rules = { label: 'Full Control', bars: () => false };
  const sent: string[] = [];
  const server: ServerPort = Object.assign(Object.create(hub) as ServerPort, {
    readProjects: async () => ({
      ok: true,
      value: rules.label === null ? [] : [{ ...project, permission: rules.label }],
    }),
    createAnnotations: async (...args: Parameters<ServerPort['createAnnotations']>) => {
      sent.push('create');
      return args[1].some(({ ref }) => rules.bars(ref)) ? forbidden : hub.createAnnotations(...args);
    },
    patchAnnotation: async (...args: Parameters<ServerPort['patchAnnotation']>) => {
      sent.push('patch');
      return rules.bars(args[0]) ? forbidden : hub.patchAnnotation(...args);
    },
  });
  for (const name of Object.getOwnPropertyNames(FaultyPort.prototype)) {
    const method = (hub as unknown as Record<string, unknown>)[name];
    if (!Object.hasOwn(server, name) && typeof method === 'function')
      Object.assign(server, { [name]: method.bind(hub) });
  }
  const device = new MemoryDevice({ time, makeId });
  const loop = new Loop({ storage: device.storage(life), server, clock: time, random: () => 0.5, makeId });
  const draw = (n: number): void => {
    const ref = boxOf(n);
    const edit = editOf({ ref, key: entityKey(ref), op: 'create', changes: { frame: n }, revision: n });
    device.put({ ref }, { edit });
  };
  const rounds = async (count: number, gap = 0): Promise<void> => {
    for (let i = 0; i < count; i++) {
      time.start(async () => {
        await time.sleep(gap);
        await loop.round();
      });
      await time.drain();
    }
  };
  const statusOf = (n: number): Edit['status'] | null => device.state({ ref: boxOf(n) }).edit?.status ?? null;
  const stored = (): number[] => tator.log.map(({ row }) => Number(row.fields.frame)).sort((a, b) => a - b);
  return { device, draw, rounds, rules, sent, statusOf, stored };
}

describe('work without a permission', () => {
  it('waits as a whole after one refusal where the project is not listed any more, with nothing in doubt', async () => {
    const { device, draw, rounds, rules, sent, statusOf, stored } = scene();
    await rounds(1);
    for (let n = 1; n <= 600; n++) draw(n);
    Object.assign(rules, { label: null, bars: () => true });
    await rounds(3);
    expect(sent).toHaveLength(1);
    expect(statusOf(1)).toEqual({ kind: 'pending' });
    expect([...device.tables.states.values()].filter(({ attempt }) => attempt !== null)).toEqual([]);
    Object.assign(rules, { label: 'Can Edit', bars: () => false });
    await rounds(2, 61_000);
    expect(stored()).toHaveLength(600);
    expect(statusOf(600)).toBeNull();
  });

  it('is not sent at all while the project may only be viewed', async () => {
    const { draw, rounds, rules, sent, stored } = scene();
    rules.label = 'View Only';
    draw(1);
    await rounds(3, 11_000);
    expect(sent).toEqual([]);
    rules.label = 'Full Control';
    await rounds(2, 11_000);
    expect(stored()).toEqual([1]);
  });

  it('waits alone where the rest of the project may be changed, and is tried again each minute', async () => {
    const { draw, rounds, rules, sent, statusOf, stored } = scene();
    const barred = boxOf(3).elementalId;
    rules.bars = ({ elementalId }) => elementalId === barred;
    for (let n = 1; n <= 5; n++) draw(n);
    await rounds(2);
    expect(stored()).toEqual([1, 2, 4, 5]);
    expect(statusOf(3)).toMatchObject({ kind: 'waiting', reason: 'Permission denied' });
    const before = sent.length;
    await rounds(3, 5000);
    expect(sent).toHaveLength(before);
    rules.bars = () => false;
    await rounds(1, 60_000);
    expect(stored()).toEqual([1, 2, 3, 4, 5]);
  });

  it('does not ask for each of ten thousand where the server refuses all of them', async () => {
    const { draw, rounds, rules, sent, statusOf } = scene();
    rules.bars = () => true;
    for (let n = 1; n <= 10_000; n++) draw(n);
    await rounds(1);
    expect(sent.length).toBeLessThan(20);
    expect(statusOf(10_000)).toEqual({ kind: 'pending' });
  });

  it('is tried with what the user has changed since', async () => {
    const { device, draw, rounds, rules, statusOf, stored } = scene();
    rules.bars = () => true;
    draw(1);
    await rounds(1);
    expect(statusOf(1)).toMatchObject({ kind: 'waiting' });
    rules.bars = () => false;
    const { edit } = device.state({ ref: boxOf(1) });
    const changed = { ...edit!, changes: { frame: 7 }, revision: 99, status: { kind: 'pending' } as const };
    device.put({ ref: boxOf(1) }, { edit: changed });
    await rounds(1);
    expect(stored()).toEqual([7]);
  });
});

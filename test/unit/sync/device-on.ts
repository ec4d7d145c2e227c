import { Loop } from '../../../src/sync/engine.ts';
import type { ServerPort, SyncStorage } from '../../../src/sync/ports.ts';
import { Life } from '../../simulation/faults.ts';
import { MemoryDevice } from '../../simulation/memory-device.ts';
import type { ServerKind } from '../../simulation/script.ts';
import { SimulatedTator } from '../../simulation/simulated-tator.ts';
import { FaultyPort } from '../../simulation/tator-port.ts';
import { VirtualTime } from '../../simulation/virtual-time.ts';

/** A device in memory on a simulated server without faults and with nothing in it; `wrap` may change what is asked. */
export function deviceOn(kind: ServerKind, wrap = (server: ServerPort): ServerPort => server) {
  const time = new VirtualTime(0);
  let ids = 0;
  const makeId = () => `id-${(ids += 1)}`;
  const life = new Life(() => undefined);
  const tator = new SimulatedTator(() => time.now());
  const traffic = { requests: 0, trace: 0 };
  const server = wrap(new FaultyPort({ tator, life, time, user: 1, kind, traffic }));
  const device = new MemoryDevice({ time, makeId });
  const storage: SyncStorage = device.storage(life);
  const loop = new Loop({ storage, server, clock: time, random: () => 0.5, makeId });
  /** One round that begins `after` ms from now. */
  const round = async (after = 0): Promise<void> => {
    time.at(time.now() + after, () =>
      time.start(async () => {
        await loop.round();
      }),
    );
    await time.drain();
  };
  return { time, tator, server, device, storage, loop, round };
}

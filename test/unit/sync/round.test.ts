import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/sync/ports.ts';
import { DiskFull } from '../../simulation/faults.ts';
import { deviceOn } from './device-on.ts';
import { key, ref } from './support.ts';

const media = 'm';
const fields = { frame: 1 };
const lost: Answer<never> = { ok: false, failure: { kind: 'unknown-outcome', message: 'no answer' } };
const refused: Answer<never> = { ok: false, failure: { kind: 'rejected', message: 'deadlock detected' } };

/** A device on a stock Tator; `server` and `storage` can be overridden call by call. */
function onStock() {
  const { time, tator, device, server, storage, loop, round } = deviceOn('stock');
  tator.addMedia({ elementalId: media, type: 3, fields: {} });
  const apply = (change: 'create' | 'delete') =>
    device.apply(
      {
        ...{ projectId: 1, media, label: change },
        changes: [
          change === 'create' ? { kind: change, ref, type: 7, media, fields } : { kind: change, ref },
        ],
      },
      time.now(),
      'saved',
    );
  /** The engine at work by itself for so many ms. */
  const runFor = async (ms: number): Promise<void> => {
    time.start(() => loop.run());
    time.at(time.now() + ms, () => loop.stop());
    await time.drain();
  };
  return { tator, device, server, storage, loop, apply, round, runFor };
}

describe('a round of the engine', () => {
  it('does not send a create again at once whose lost answer a full disk kept from being written down', async () => {
    const { tator, device, server, storage, apply, round } = onStock();
    await apply('create');
    let sent = 0;
    const revise = storage.revise.bind(storage);
    server.createAnnotations = async () => {
      sent += 1;
      storage.revise = () => Promise.reject(new DiskFull());
      return lost;
    };
    await round();
    storage.revise = revise;
    await round(5000);
    expect(sent).toBe(1);
    expect(device.state({ ref }).attempt).toMatchObject({ intent: 'create', state: 'in-doubt' });
    expect(tator.current(key)).toBeNull();
  });

  it('goes on when the device went online again while it still worked on an answer from before', async () => {
    const { tator, server, loop, apply, runFor } = onStock();
    await apply('create');
    const readProjects = server.readProjects.bind(server);
    server.readProjects = async () => {
      server.readProjects = readProjects;
      loop.restart();
      return { ok: false, failure: { kind: 'offline', byChoice: true } };
    };
    await runFor(10_000);
    expect(tator.isLive(key)).toBe(true);
  });

  it('tries a delete again that a server turned away whose refusals may mean anything', async () => {
    const { tator, device, server, apply, round } = onStock();
    await apply('create');
    await round();
    await apply('delete');
    const remove = server.deleteAnnotation.bind(server);
    server.deleteAnnotation = () => Promise.resolve(refused);
    await round(5000);
    expect(tator.isLive(key)).toBe(true);
    server.deleteAnnotation = remove;
    await round(30_000);
    expect(tator.isLive(key)).toBe(false);
    expect(device.state({ ref })).toMatchObject({ edit: null, attempt: null });
  });
});

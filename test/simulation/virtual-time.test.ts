import { describe, expect, it } from 'vitest';
import { VirtualTime } from './virtual-time.ts';

describe('virtual time', () => {
  it('lets a command come to its end although another activity waits at several places at once', async () => {
    const time = new VirtualTime(0);
    const said: string[] = [];
    time.start(async () => {
      await Promise.all([1, 2, 3].map(() => time.sleep(100)));
    });
    time.at(10, () =>
      time.start(async () => {
        for (let i = 0; i < 50; i += 1) await Promise.resolve();
        said.push(`command at ${time.now()}`);
      }),
    );
    time.at(20, () => said.push(`kill at ${time.now()}`));
    await time.drain();
    expect(said).toEqual(['command at 10', 'kill at 20']);
  });

  it('goes on at one instant in the order of entry', async () => {
    const time = new VirtualTime(0);
    const said: string[] = [];
    for (const name of ['a', 'b', 'c'])
      time.start(async () => {
        await time.sleep(5);
        said.push(name);
      });
    await time.drain();
    expect(said).toEqual(['a', 'b', 'c']);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadLink } from '../../support/bad-link.ts';
import { drain } from '../../support/drain.ts';
import { startTestHub, type TestHub } from '../../support/hub.ts';

/* A small share of `npm run -s link`, which takes its time. */

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

describe('a bad link', () => {
  it('takes a round trip to connect and one to ask, and lets no more through than its rate', async () => {
    const link = await BadLink.to(hub.url);
    link.traits = { roundTrip: 200, rate: 2_000_000, loss: 0, resets: 0 };
    const began = performance.now();
    const reply = await fetch(`${link.url}/schema/`);
    const { length } = await reply.text();
    expect(performance.now() - began).toBeGreaterThan(395);
    expect(reply.status).toBe(200);
    // 250 bytes a millisecond, less what is still in the sockets.
    expect(length).toBeGreaterThan(100_000);
    expect(performance.now() - began).toBeGreaterThan(395 + link.count.down / 250 - 100);
    await link.close();
  });

  it('lets nothing in while it is cut off', async () => {
    const link = await BadLink.to(hub.url);
    link.cut();
    await expect(fetch(`${link.url}/rest/`)).rejects.toThrow();
    link.mend();
    expect((await fetch(`${link.url}/rest/`)).status).toBeLessThan(500);
    await link.close();
  });
});

describe('edits made offline', () => {
  it('arrive once each over a link that loses packets and ends connections', async () => {
    const link = { roundTrip: 120, rate: 1_000_000, loss: 0.03, resets: 0.3 };
    const report = await drain(hub, { drawn: 60, changed: 120, link, patience: 120_000 });
    expect(report).toMatchObject({ open: 0, doubled: 0, lost: 0 });
    expect(report.count.lost).toBeGreaterThan(0);
  }, 180_000);

  it('arrive once each over a link with gaps, and after an outage', async () => {
    const link = { roundTrip: 100, rate: 200_000, loss: 0, resets: 0 };
    const gaps = { every: 3000, length: 1500 };
    const plan = { drawn: 150, changed: 150, link, gaps, outage: 1500, patience: 120_000 };
    expect(await drain(hub, plan)).toMatchObject({ open: 0, doubled: 0, lost: 0 });
  }, 180_000);
});

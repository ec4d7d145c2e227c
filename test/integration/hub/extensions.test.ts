import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startTestHub } from '../../support/hub.ts';
import { sampleIds } from '../../support/hub-sample.ts';

interface Offer {
  extensions: string[];
}

describe('the extensions of a hub', () => {
  it('are all there where nothing is said', async () => {
    const hub = await startTestHub({ sample: false });
    try {
      const { extensions } = (await hub.client()<Offer>('GET', '/rest/TidemarkHub')).body;
      expect(extensions).toEqual(
        expect.arrayContaining(['change-feed', 'events', 'idempotency-key', 'list-parts', 'sign-parts']),
      );
    } finally {
      await hub.stop();
    }
  });

  it('are left out one by one, without a trace for clients that use them', async () => {
    const hub = await startTestHub({ env: { EXTENSIONS: 'change-feed, list-parts' } });
    try {
      const call = hub.client();
      const { project, video } = await sampleIds(call);
      expect((await call<Offer>('GET', '/rest/TidemarkHub')).body.extensions).toEqual([
        'change-feed',
        'list-parts',
      ]);
      expect((await call('GET', `/rest/TidemarkHub/Changes/${project}`)).status).toBe(200);
      for (const path of [`Events/${project}`, `SignParts/${project}`]) {
        const reply = await call('GET', `/rest/TidemarkHub/${path}`);
        expect([reply.status, reply.body.message]).toEqual([400, 'There is no such operation.']);
      }
      const announced = await call('POST', '/rest/TidemarkHub/Announcements', { markdown: 'x' });
      expect(announced.status).toBe(400);
      // Without keys a repeated request is another one.
      const key = { 'idempotency-key': 'one' };
      const path = `/rest/Bookmarks/${project}`;
      const ids = [];
      for (let times = 0; times < 2; times += 1)
        ids.push((await call('POST', path, { name: 'Here', uri: '/' }, key)).body.id);
      expect(new Set(ids).size).toBe(2);
      const info = await call<{ urls: string[] }>('GET', `/rest/UploadInfo/${project}`);
      const url = info.body.urls[0] ?? '';
      await fetch(url, { method: 'PUT', body: 'no video' });
      const spec = {
        type: video,
        gid: randomUUID(),
        uid: randomUUID(),
        url,
        name: 'a.mp4',
        md5: '0',
        section: 'Dives',
      };
      const made = await call<{ object: { job: object } }>('POST', `/rest/Transcodes/${project}`, spec);
      expect(made.status).toBe(201);
      expect(made.body.object.job).not.toHaveProperty('progress');
    } finally {
      await hub.stop();
    }
  });

  it('are none of those that nobody knows: the hub says so and does not start', async () => {
    await expect(startTestHub({ sample: false, env: { EXTENSIONS: 'feed' } })).rejects.toThrow(
      'EXTENSIONS names "feed"',
    );
  });
});

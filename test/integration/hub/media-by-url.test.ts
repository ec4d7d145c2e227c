import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  startTestHub,
  type FileAnswer,
  type HubClient,
  type MediaAnswer,
  type TestHub,
} from '../../support/hub.ts';
import { makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { sampleClip } from '../../support/shared-data.ts';

/** A red picture of 2 by 1 pixels. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4z8AARAAI/gH/xp559wAAAABJRU5ErkJggg==',
  'base64',
);

let hub: TestHub;
let call: HubClient;
let ids: SampleIds;
let server: Server;
let site: string;

beforeAll(async () => {
  const files: Record<string, Buffer> = { '/red.png': png, '/dive.mp4': await readFile(sampleClip()) };
  server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    response.writeHead(file ? 200 : 404).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  hub = await startTestHub({ sample: true, env: { FETCH_PRIVATE_URLS: '1' } });
  call = hub.client();
  ids = await sampleIds(call);
});

afterAll(async () => {
  await hub.stop();
  server.close();
});

interface ImageAnswer extends MediaAnswer {
  width: number | null;
  height: number | null;
  media_files: MediaAnswer['media_files'] & { image: FileAnswer[] };
}

const read = async (media: number) =>
  (await call<ImageAnswer>('GET', `/rest/Media/${media}?presigned=60`)).body;

async function imported(media: number): Promise<ImageAnswer> {
  return vi.waitUntil(
    async () => {
      const row = await read(media);
      return row.width === null ? undefined : row;
    },
    { timeout: 20_000, interval: 100 },
  );
}

const image = (more: Record<string, unknown>) =>
  call('POST', `/rest/Medias/${ids.project}`, { type: ids.image, name: 'red.png', md5: '0', ...more });

describe('an image that is named by its URL', () => {
  it('is fetched, measured and given a thumbnail', async () => {
    const made = await image({ url: `${site}/red.png` });
    expect(made.status).toBe(201);
    const row = await imported(made.body.id);
    expect([row.width, row.height]).toEqual([2, 1]);
    const [file] = row.media_files.image;
    expect(file).toMatchObject({ size: png.length, resolution: [1, 2], mime: 'image/png' });
    const bytes = Buffer.from(await (await fetch(file?.path ?? '')).arrayBuffer());
    expect(bytes.equals(png)).toBe(true);
    const thumbnail = await fetch(row.media_files.thumbnail[0]?.path ?? '');
    expect([...new Uint8Array(await thumbnail.arrayBuffer()).slice(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  });

  it('may be an upload, or stay where it is', async () => {
    const info = (await call<{ urls: string[]; key: string }>('GET', `/rest/UploadInfo/${ids.project}`)).body;
    await fetch(info.urls[0] ?? '', { method: 'PUT', body: new Uint8Array(png) });
    const uploaded = await image({ url: info.key, thumbnail_url: `${site}/red.png` });
    expect((await imported(uploaded.body.id)).media_files.image[0]?.path).toContain('/objects/');
    const referred = await image({ url: `${site}/red.png`, reference_only: 1 });
    expect((await imported(referred.body.id)).media_files.image[0]?.path).toBe(`${site}/red.png`);
  });

  it('is refused from file systems and from uploads of other projects', async () => {
    expect((await image({ url: 'file:///etc/passwd' })).status).toBe(400);
    expect((await image({ url: '_uploads/2026-01-01/1/999/1/x.png' })).status).toBe(403);
  });
});

describe('a video that is named by its URL', () => {
  it('is fetched and transcoded', { timeout: 120_000 }, async () => {
    const spec = { type: ids.video, gid: randomUUID(), uid: randomUUID(), name: 'dive.mp4', section: 'Far' };
    const made = await call<{ id: string; object: { job: { media_ids: number[] } } }>(
      'POST',
      `/rest/Transcodes/${ids.project}`,
      { ...spec, url: `${site}/dive.mp4` },
    );
    expect(made.status).toBe(201);
    const done = await vi.waitUntil(
      async () => {
        const { job } = (
          await call<{ job: { status: string; message: string } }>('GET', `/rest/Transcode/${made.body.id}`)
        ).body;
        return ['Succeeded', 'Failed'].includes(job.status) ? job : undefined;
      },
      { timeout: 100_000, interval: 200 },
    );
    expect(done).toMatchObject({ status: 'Succeeded' });
    const row = await read(made.body.object.job.media_ids[0] ?? 0);
    expect(row.media_files.streaming.length).toBeGreaterThan(0);
    expect(row.media_files.archival).toHaveLength(1);
  });

  it('fails at once when its server does not have it', async () => {
    const spec = { type: ids.video, gid: randomUUID(), uid: randomUUID(), name: 'x.mp4', section: 'Far' };
    const made = await call<{ id: string }>('POST', `/rest/Transcodes/${ids.project}`, {
      ...spec,
      url: `${site}/none.mp4`,
    });
    const failed = await vi.waitUntil(
      async () => {
        const { job } = (
          await call<{ job: { status: string; message: string } }>('GET', `/rest/Transcode/${made.body.id}`)
        ).body;
        return job.status === 'Failed' ? job : undefined;
      },
      { timeout: 60_000, interval: 100 },
    );
    expect(failed.message).toContain('404');
  });
});

describe('a media of other media', () => {
  const parts = async () => [await makeVideo(call, ids, 'left.mp4'), await makeVideo(call, ids, 'right.mp4')];
  const patch = (media: number, body: unknown) => call('PATCH', `/rest/Media/${media}`, body);

  it('shows them side by side, one after the other, or a live stream', async () => {
    const [left = 0, right = 0] = await parts();
    const multi = await makeVideo(call, ids, 'both.multi');
    const layout = { ids: [left, right], layout: [1, 2], quality: 720, frameOffset: [] };
    expect((await patch(multi, { multi: layout })).status).toBe(200);
    expect((await read(multi)).media_files).toEqual({ ids: [left, right], layout: [1, 2], quality: 720 });
    const concat = await makeVideo(call, ids, 'both.concat');
    const clips = [
      { id: left, timestampOffset: 0 },
      { id: right, timestampOffset: 12.5 },
    ];
    expect((await patch(concat, { concat: clips })).status).toBe(200);
    expect((await read(concat)).media_files).toEqual({ concat: clips });
    const live = await makeVideo(call, ids, 'camera.live');
    const streams = [{ url: 'https://example.org/live', feeds: [{ name: 'bow', resolution: [720, 1280] }] }];
    expect((await patch(live, { live: { streams, layout: [1, 1] } })).status).toBe(200);
    expect((await read(live)).media_files).toEqual({ live: streams, layout: [1, 1] });
    const clone = { dest_project: ids.project, dest_type: ids.video };
    expect((await call('POST', `/rest/CloneMedia/${ids.project}?media_id=${concat}`, clone)).status).toBe(
      400,
    );
    expect((await call('GET', `/rest/MediaStats/${ids.project}`)).status).toBe(200);
  });

  it('has parts of its own project and no files of its own', async () => {
    const [left = 0, right = 0] = await parts();
    const file = { path: 'https://example.org/x.mp4', codec: 'h264', resolution: [720, 1280] };
    await call('POST', `/rest/VideoFiles/${left}?role=archival`, file);
    expect((await patch(left, { multi: { ids: [right] } })).status).toBe(400);
    expect((await patch(right, { multi: { ids: [right] } })).status).toBe(400);
    expect((await patch(right, { multi: { ids: [999_999] } })).status).toBe(400);
    expect((await patch(right, { concat: [{ timestampOffset: 1 }] })).status).toBe(400);
    expect((await patch(right, { concat: [{ id: left }], multi: { ids: [left] } })).status).toBe(400);
    expect((await patch(right, { concat: [{ id: left }] })).status).toBe(200);
    expect((await patch(right, { multi: { ids: [left] } })).status).toBe(400);
  });
});

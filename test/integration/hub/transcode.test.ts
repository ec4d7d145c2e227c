import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type HubClient, type MediaAnswer, type TestHub } from '../../support/hub.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let call: HubClient;
let ids: SampleIds;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-clips-'));
  hub = await startTestHub({ sample: true });
  call = hub.client();
  ids = await sampleIds(call);
});

afterAll(async () => {
  await hub.stop();
  await rm(folder, { recursive: true, force: true });
});

const shared =
  process.env['TIDEMARK_SHARED'] ?? fileURLToPath(new URL('../../../../shared', import.meta.url));
const realClip = join(shared, 'data/mbari/V4361_20211006T162656Z_h265_1sec.mp4');
if (!existsSync(realClip)) console.log('The transcode of the real clip is skipped: its folder is not here.');

async function makeClip(name: string, seconds: number, size = '320x240'): Promise<string> {
  const path = join(folder, name);
  const source = `testsrc=size=${size}:rate=25:duration=${seconds}`;
  await promisify(execFile)('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    source,
    '-pix_fmt',
    'yuv420p',
    path,
  ]);
  return path;
}

async function upload(bytes: Buffer): Promise<string> {
  const { body } = await call<{ urls: string[]; key: string }>(
    'GET',
    `/rest/UploadInfo/${ids.project}?num_parts=1&filename=clip.mp4`,
  );
  await fetch(body.urls[0] ?? '', { method: 'PUT', body: new Uint8Array(bytes) });
  return body.key;
}

async function transcode(bytes: Buffer, name: string): Promise<{ uid: string; media: number }> {
  const key = await upload(bytes);
  const url = (await call<{ url: string }[]>('POST', `/rest/DownloadInfo/${ids.project}`, { keys: [key] }))
    .body[0]?.url;
  const spec = {
    type: ids.video,
    gid: randomUUID(),
    uid: randomUUID(),
    url,
    name,
    md5: '0',
    section: 'Sample dives',
  };
  const reply = await call<TranscodeReply>('POST', `/rest/Transcodes/${ids.project}`, spec);
  expect(reply.status).toBe(201);
  return { uid: reply.body.id, media: reply.body.object.spec.media_id };
}

interface TranscodeReply {
  id: string;
  object: { spec: { media_id: number } };
}

interface Job {
  status: string;
  progress: number;
  message: string;
}

async function jobOf(uid: string): Promise<Job> {
  return (await call<{ job: Job }>('GET', `/rest/Transcode/${uid}`)).body.job;
}

async function until(uid: string, done: (job: Job) => boolean): Promise<Job> {
  for (const limit = Date.now() + 90_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const job = await jobOf(uid);
    if (done(job) || Date.now() > limit) return job;
  }
}

const isOver = (job: Job): boolean => job.status === 'Succeeded' || job.status === 'Failed';

interface Segment {
  name: string;
  offset: number;
  size: number;
  frame_start?: number;
  frame_samples?: number;
}

async function checkStreaming(
  entry: { path: string; segment_info: string; size: number },
  frames: number,
): Promise<void> {
  const index = (await (await fetch(entry.segment_info)).json()) as {
    file: { version: number };
    segments: Segment[];
  };
  const { segments } = index;
  expect(index.file.version).toBe(2);
  expect(segments.slice(0, 3).map((segment) => segment.name)).toEqual(['ftyp', 'moov', 'moof']);
  let offset = 0;
  for (const segment of segments) {
    expect(segment.offset).toBe(offset);
    offset += segment.size;
  }
  expect(offset).toBe(entry.size);
  const moofs = segments.filter((segment) => segment.name === 'moof');
  expect(moofs.reduce((sum, moof) => sum + (moof.frame_samples ?? 0), 0)).toBe(frames);
  const box = Buffer.from(
    await (
      await fetch(entry.path, {
        headers: { range: `bytes=${moofs.at(-1)?.offset}-${(moofs.at(-1)?.offset ?? 0) + 7}` },
      })
    ).arrayBuffer(),
  );
  expect(box.subarray(4).toString()).toBe('moof');
}

describe('a transcode', () => {
  it.runIf(existsSync(realClip))('makes every file of the real clip, with a true segment index', async () => {
    const { uid, media } = await transcode(await readFile(realClip), 'V4361.mp4');
    const progress: number[] = [];
    const job = await until(uid, (seen) => {
      progress.push(seen.progress);
      return isOver(seen);
    });
    expect(job).toMatchObject({ status: 'Succeeded', progress: 1 });
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    const row = (await call<MediaAnswer>('GET', `/rest/Media/${media}?presigned=3600`)).body;
    expect(row).toMatchObject({ width: 1920, height: 1080, codec: 'h264' });
    expect(row.fps).toBeCloseTo(59.94, 1);
    const { streaming, archival, thumbnail, thumbnail_gif: gif, audio } = row.media_files;
    expect(streaming.map((entry) => entry.resolution[0])).toEqual([144, 360, 480, 720, 1080]);
    for (const entry of streaming) await checkStreaming(entry, row.num_frames);
    const original = Buffer.from(await (await fetch(archival[0]?.path ?? '')).arrayBuffer());
    expect(original.equals(await readFile(realClip))).toBe(true);
    expect((await fetch(thumbnail[0]?.path ?? '')).headers.get('content-type')).toBe('image/jpeg');
    expect((await fetch(gif[0]?.path ?? '')).headers.get('content-type')).toBe('image/gif');
    expect(audio).toHaveLength(1);
  });

  it('of a file that is no video fails with a sentence for the user and is not tried again', async () => {
    const { uid } = await transcode(Buffer.from('this is no video'.repeat(100)), 'notes.mp4');
    const job = await until(uid, isOver);
    expect(job.status).toBe('Failed');
    expect(job.message).toMatch(/\w+.*\.$/);
  });

  it('is refused for files of another project, of other servers, and for what was never uploaded', async () => {
    const spec = {
      type: ids.video,
      gid: randomUUID(),
      uid: randomUUID(),
      name: 'x',
      md5: '0',
      section: 'x',
      size: 1,
    };
    const status = async (url: string) =>
      (await call('POST', `/rest/Transcodes/${ids.project}`, { ...spec, url })).status;
    expect(await status('1/999/1/x.mp4')).toBe(403);
    expect(await status('http://169.254.169.254/latest/meta-data')).toBe(400);
    expect(await status('file:///etc/passwd')).toBe(400);
    expect(await status(`_uploads/2026-01-01/1/${ids.project}/1/none.mp4`)).toBe(400);
  });

  it('can be cancelled while it runs', async () => {
    const { uid } = await transcode(await readFile(await makeClip('long.mp4', 60, '1280x720')), 'long.mp4');
    await until(uid, (job) => job.status === 'Running');
    expect((await call('DELETE', `/rest/Transcode/${uid}`)).status).toBe(200);
    expect(await until(uid, isOver)).toMatchObject({ status: 'Failed', message: 'Cancelled.' });
  });

  it('goes on after the hub was killed in the middle of it, however often', async () => {
    const { uid, media } = await transcode(
      await readFile(await makeClip('killed.mp4', 20, '640x480')),
      'killed.mp4',
    );
    // More often than a transcode that fails would be tried.
    for (let kill = 0; kill < 4; kill += 1) {
      await until(uid, (job) => job.status === 'Running' && job.progress > 0.05);
      await hub.kill();
      await hub.restart();
    }
    expect(await until(uid, isOver)).toMatchObject({ status: 'Succeeded' });
    expect((await call<MediaAnswer>('GET', `/rest/Media/${media}`)).body.num_frames).toBe(500);
    const listed = await call('GET', `/rest/Transcodes/${ids.project}?media_id=${media}`);
    expect(listed.body).toHaveLength(1);
  });
});

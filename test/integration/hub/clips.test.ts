import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFramePattern } from '../../support/frame-pattern.ts';
import { makeVideoOf } from '../../support/hub-media.ts';
import { makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { sampleClip } from '../../support/shared-data.ts';

const run = promisify(execFile);

interface Clip {
  segment_start_frames: number[];
  segment_end_frames: number[];
  file: { id: number; path: string; name: string; created_datetime: string; eol_datetime: string };
}

let hub: TestHub;
let call: HubClient;
let ids: SampleIds;
let folder: string;
/** 640x360, 270 frames, each with its number as a pattern. */
let video: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-clips-'));
  hub = await startTestHub({ sample: true });
  call = hub.client();
  ids = await sampleIds(call);
  const bytes = await readFile(sampleClip());
  video = await makeVideoOf(call, ids, { name: 'dive.mp4', bytes, resolution: [360, 640] });
});

afterAll(async () => {
  await hub.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The numbers that the pictures of a clip carry. */
async function numbersIn(clip: Clip): Promise<(number | null)[]> {
  const response = await fetch(clip.file.path, { headers: { authorization: `Token ${hub.token}` } });
  expect(response.status).toBe(200);
  const path = join(folder, 'clip.mp4');
  await writeFile(path, new Uint8Array(await response.arrayBuffer()));
  const raw = ['-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  const options = { encoding: 'buffer', maxBuffer: 512 * 1024 * 1024 } as const;
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', path, ...raw], options);
  const size = 640 * 360 * 3;
  return Array.from({ length: stdout.length / size }, (_, i) =>
    readFramePattern(stdout.subarray(i * size, (i + 1) * size), 640, 360),
  );
}

const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('a clip', () => {
  it('holds exactly the frames that were asked for, of all ranges one after the other', async () => {
    const { status, body } = await call<Clip>('GET', `/rest/GetClip/${video}?frame_ranges=3:9,200:214`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ segment_start_frames: [3, 200], segment_end_frames: [9, 214] });
    expect(await numbersIn(body)).toEqual([...numbers(3, 9), ...numbers(200, 214)]);
    const life = Date.parse(body.file.eol_datetime) - Date.parse(body.file.created_datetime);
    expect(life).toBe(24 * 3_600_000);
  });

  it('is cut once, also for two who ask at one time, and again when it was deleted', async () => {
    const ask = () => call<Clip>('GET', `/rest/GetClip/${video}?frame_ranges=100:120`);
    const [one, two] = await Promise.all([ask(), ask()]);
    const three = await ask();
    expect(two.body.file.id).toBe(one.body.file.id);
    expect(three.body.file.id).toBe(one.body.file.id);
    expect(await numbersIn(three.body)).toEqual(numbers(100, 120));
    await call('DELETE', `/rest/TemporaryFile/${one.body.file.id}`);
    expect((await ask()).body.file.id).not.toBe(one.body.file.id);
  });

  it('is refused for ranges that are none, frames that are not there, and media without video', async () => {
    for (const ranges of ['', '5', '9:3', '-1:4', '0:270', 'a:b']) {
      const reply = await call('GET', `/rest/GetClip/${video}?frame_ranges=${ranges}`);
      expect(reply.status, ranges).toBe(400);
    }
    const empty = await makeVideo(call, ids);
    expect((await call('GET', `/rest/GetClip/${empty}?frame_ranges=0:1`)).status).toBe(400);
    expect((await call('GET', '/rest/GetClip/987654?frame_ranges=0:1')).status).toBe(404);
  });
});

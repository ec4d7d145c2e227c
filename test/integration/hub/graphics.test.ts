import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeMedia } from '../../../src/media/probe.ts';
import { readFramePattern } from '../../support/frame-pattern.ts';
import { getPicture, makeImageOf, makeVideoOf, type PictureReply } from '../../support/hub-media.ts';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type Created, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { sampleClip } from '../../support/shared-data.ts';

const run = promisify(execFile);

let hub: TestHub;
let call: HubClient;
let ids: SampleIds;
let folder: string;
/** Our clip: 640x360, 270 frames, each with its number as a pattern. */
let video: number;
/** 200x100, left half red, right half blue. */
let image: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-graphics-'));
  hub = await startTestHub({ sample: true });
  call = hub.client();
  ids = await sampleIds(call);
  const clip = await readFile(sampleClip());
  video = await makeVideoOf(call, ids, { name: 'dive.mp4', bytes: clip, resolution: [360, 640] });
  const halves = ['-vf', 'drawbox=0:0:100:100:red:fill', '-frames:v', '1', join(folder, 'halves.png')];
  await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'color=blue:s=200x100', ...halves]);
  const bytes = await readFile(join(folder, 'halves.png'));
  image = await makeImageOf(call, ids, { name: 'halves.png', bytes, resolution: [100, 200] });
});

afterAll(async () => {
  await hub.stop();
  await rm(folder, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}, token = hub.token): Promise<PictureReply> =>
  getPicture(`${hub.url}/rest/${path}`, token, headers);

/** All pictures of the answer as rows of RGB, one after the other. */
async function pixelsOf(reply: PictureReply): Promise<{ width: number; height: number; frames: Buffer[] }> {
  expect(reply.status, reply.bytes.toString('utf8', 0, 200)).toBe(200);
  const ending = reply.headers.get('content-type')?.split('/')[1] ?? '';
  const path = join(folder, `answer.${ending}`);
  await writeFile(path, reply.bytes);
  const { width, height } = await probeMedia(path);
  const args = [
    '-v',
    'error',
    '-i',
    path,
    '-fps_mode',
    'passthrough',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-',
  ];
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 });
  const size = width * height * 3;
  const frames = Array.from({ length: stdout.length / size }, (_, i) =>
    stdout.subarray(i * size, (i + 1) * size),
  );
  return { width, height, frames };
}

async function numbersOf(reply: PictureReply): Promise<(number | null)[]> {
  const { width, height, frames } = await pixelsOf(reply);
  return frames.map((frame) => readFramePattern(frame, width, height));
}

async function colourAt(reply: PictureReply, x: number, y: number): Promise<'red' | 'blue' | 'other'> {
  const { width, frames } = await pixelsOf(reply);
  const at = (y * width + x) * 3;
  const [red = 0, green = 0, blue = 0] = frames[0]?.subarray(at, at + 3) ?? [];
  if (green > 60) return 'other';
  return red > 200 && blue < 60 ? 'red' : blue > 200 && red < 60 ? 'blue' : 'other';
}

async function draw(media: number, more: Record<string, unknown>): Promise<number> {
  const reply = await call<Created>('POST', `/rest/Localizations/${ids.project}`, boxSpec(ids, media, more));
  expect(reply.status).toBe(201);
  return reply.body.id[0] ?? 0;
}

describe('a frame', () => {
  it('is exactly the one that was asked for; the first unless told otherwise', async () => {
    expect(await numbersOf(await get(`GetFrame/${video}`))).toEqual([0]);
    expect(await numbersOf(await get(`GetFrame/${video}?frames=187`))).toEqual([187]);
    expect(await numbersOf(await get(`GetFrame/${video}?frames=187&format=jpg&quality=144`))).toEqual([187]);
  });

  it('comes as PNG, JPEG, GIF or MP4', async () => {
    const typeOf = async (query: string) =>
      (await get(`GetFrame/${video}?${query}`)).headers.get('content-type');
    expect(await typeOf('')).toBe('image/png');
    expect(await typeOf('format=jpg')).toBe('image/jpeg');
    expect(await typeOf('frames=1,2&animate=5')).toBe('image/gif');
    expect(await typeOf('frames=1,2&animate=5&format=mp4')).toBe('video/mp4');
  });

  it('is cut and scaled as asked', async () => {
    const left = await get(`GetFrame/${image}?roi=0.25:1:0.25:0`);
    expect(await pixelsOf(left)).toMatchObject({ width: 50, height: 100 });
    expect(await colourAt(left, 49, 50)).toBe('red');
    const right = await get(`GetFrame/${image}?roi=0.25:1:0.5:0&force_scale=31x17`);
    expect(await pixelsOf(right)).toMatchObject({ width: 31, height: 17 });
    expect(await colourAt(right, 0, 8)).toBe('blue');
  });

  it('stands beside others in a tiling, each with a cut of its own', async () => {
    const tiled = await pixelsOf(await get(`GetFrame/${video}?frames=3,4,5&tile=3x2&force_scale=64x36`));
    expect(tiled).toMatchObject({ width: 192, height: 72 });
    expect(await pixelsOf(await get(`GetFrame/${video}?frames=3,4,5`))).toMatchObject({
      width: 1280,
      height: 720,
    });
    const own = `GetFrame/${video}?frames=3,4&roi=0.5:0.5:0:0,0.25:0.25:0:0&tile=2x1`;
    expect(await pixelsOf(await get(own))).toMatchObject({ width: 640, height: 180 });
  });

  it('is one of a film where the frames are animated', async () => {
    expect(await numbersOf(await get(`GetFrame/${video}?frames=9,100,50&animate=4`))).toEqual([9, 100, 50]);
    expect(await numbersOf(await get(`GetFrame/${video}?frames=9,100,50&animate=4&format=mp4`))).toEqual([
      9, 100, 50,
    ]);
  });

  it('is not sent again to who has it, until the media changes', async () => {
    const first = await get(`GetFrame/${image}`);
    const etag = first.headers.get('etag') ?? '';
    const modified = first.headers.get('last-modified') ?? '';
    for (const headers of [{ 'if-none-match': etag }, { 'if-modified-since': modified }]) {
      const again = await get(`GetFrame/${image}`, headers);
      expect([again.status, again.bytes.length]).toEqual([304, 0]);
      expect(again.headers.get('etag')).toBe(etag);
    }
    expect((await get(`GetFrame/${image}?force_scale=9x9`, { 'if-none-match': etag })).status).toBe(200);
    const old = { 'if-modified-since': new Date(Date.parse(modified) - 5_000).toUTCString() };
    expect((await get(`GetFrame/${image}`, old)).status).toBe(200);
    await call('PATCH', `/rest/Media/${image}`, { name: 'renamed.png' });
    expect((await get(`GetFrame/${image}`, { 'if-none-match': etag })).status).toBe(200);
  });

  it.each([
    'frames=270',
    'frames=-1',
    'frames=x',
    `frames=${Array.from({ length: 33 }, (_, i) => i).join(',')}`,
    'roi=0.5:0.5:0',
    'roi=2:1:0:0',
    'roi=0:1:0:0',
    'frames=1,2,3&roi=1:1:0:0,1:1:0:0',
    'force_scale=0x10',
    'force_scale=99999x1',
    'force_scale=10',
    'frames=1,2,3&tile=1x2',
    'frames=1&tile=200x200',
    'animate=16',
    'frames=1,2&animate=2&tile=2x1',
    'format=bmp',
    'format=gif',
    'animate=2&format=png',
  ])('is refused with a reason for %s', async (query) => {
    const reply = await get(`GetFrame/${video}?${query}`);
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.bytes.toString())).toHaveProperty('message');
  });

  it('is refused of media without a picture file, missing ones, and to strangers', async () => {
    const empty = await makeVideo(call, ids);
    expect((await get(`GetFrame/${empty}`)).status).toBe(400);
    expect((await get(`GetFrame/${image}?frames=1`)).status).toBe(400);
    expect((await get('GetFrame/999999')).status).toBe(404);
    const stranger = await closedProject();
    expect((await get(`GetFrame/${stranger.media}`, {}, hub.annotatorToken)).status).toBe(403);
    expect((await get(`LocalizationGraphic/${stranger.box}`, {}, hub.annotatorToken)).status).toBe(403);
    expect((await get(`StateGraphic/${stranger.track}`, {}, hub.annotatorToken)).status).toBe(403);
  });
});

/** A project of which the annotator is no member, with a media, a box and a track. */
async function closedProject(): Promise<{ media: number; box: number; track: number }> {
  const organization = (await call<Row[]>('GET', '/rest/Organizations')).body[0]?.id;
  const project = (await call('POST', '/rest/Projects', { name: 'Closed', organization })).body.id;
  const of = async (path: string, body: object) =>
    (await call('POST', `/rest/${path}/${project}`, body)).body.id;
  const type = await of('MediaTypes', { name: 'v', dtype: 'video' });
  const box = await of('LocalizationTypes', { name: 'b', dtype: 'box', media_types: [type] });
  const track = await of('StateTypes', { name: 't', association: 'Localization', media_types: [type] });
  const media = await of('Medias', { type, name: 'x.mp4', md5: '' });
  const shape = { media_id: media, type: box, frame: 0, x: 0, y: 0, width: 0.1, height: 0.1, attributes: {} };
  const [boxId = 0] = (await call<Created>('POST', `/rest/Localizations/${project}`, shape)).body.id;
  const state = { media_ids: [media], type: track, localization_ids: [boxId], attributes: {} };
  const [trackId = 0] = (await call<Created>('POST', `/rest/States/${project}`, state)).body.id;
  return { media, box: boxId, track: trackId };
}

describe('the picture of a localization', () => {
  it('shows the box and nothing else', async () => {
    const box = await draw(image, { x: 0.25, y: 0.1, width: 0.25, height: 0.5 });
    const picture = await get(`LocalizationGraphic/${box}`);
    expect(await pixelsOf(picture)).toMatchObject({ width: 50, height: 50 });
    expect([await colourAt(picture, 0, 0), await colourAt(picture, 49, 49)]).toEqual(['red', 'red']);
    const margins = await get(`LocalizationGraphic/${box}?use_default_margins=false&margin_x=10&margin_y=20`);
    // the upper margin ends at the picture's edge
    expect(await pixelsOf(margins)).toMatchObject({ width: 70, height: 80 });
    expect([await colourAt(margins, 59, 9), await colourAt(margins, 60, 9)]).toEqual(['red', 'blue']);
    const scaled = await get(`LocalizationGraphic/${box}?force_scale=20x30&format=jpg`);
    expect(await pixelsOf(scaled)).toMatchObject({ width: 20, height: 30 });
    expect(scaled.headers.get('content-type')).toBe('image/jpeg');
  });

  it('of a dot has 10 pixels around it, and shapes on the edge have at least 2', async () => {
    const dot = await draw(image, { type: ids.dot, x: 0.5, y: 0.5, width: null, height: null });
    const picture = await get(`LocalizationGraphic/${dot}`);
    expect(await pixelsOf(picture)).toMatchObject({ width: 20, height: 20 });
    expect([await colourAt(picture, 9, 10), await colourAt(picture, 10, 10)]).toEqual(['red', 'blue']);
    const edge = await draw(image, { x: 1, y: 1, width: 0, height: 0 });
    expect(await pixelsOf(await get(`LocalizationGraphic/${edge}`))).toMatchObject({ width: 2, height: 2 });
    const points = [
      [0.1, 0.2],
      [0.3, 0.4],
      [0.2, 0.9],
    ];
    const poly = await draw(image, { type: ids.poly, points, x: null, y: null, width: null, height: null });
    expect(await pixelsOf(await get(`LocalizationGraphic/${poly}`))).toMatchObject({ width: 40, height: 70 });
  });

  it('of a video shows the frame that it is on, and follows edits', async () => {
    const whole = await draw(video, { x: 0, y: 0, width: 1, height: 1, frame: 222 });
    const first = await get(`LocalizationGraphic/${whole}`);
    expect(await numbersOf(first)).toEqual([222]);
    const etag = { 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await get(`LocalizationGraphic/${whole}`, etag)).status).toBe(304);
    await call('PATCH', `/rest/Localization/${whole}`, { frame: 7, in_place: 1 });
    expect(await numbersOf(await get(`LocalizationGraphic/${whole}`, etag))).toEqual([7]);
  });

  it('is refused where there is none', async () => {
    const later = await draw(image, { x: null, y: null, width: null, height: null });
    expect((await get(`LocalizationGraphic/${later}`)).status).toBe(400);
    const beyond = await draw(video, { frame: 5_000 });
    expect((await get(`LocalizationGraphic/${beyond}`)).status).toBe(400);
    const box = await draw(image, {});
    expect((await get(`LocalizationGraphic/${box}?use_default_margins=false`)).status).toBe(400);
    expect(
      (await get(`LocalizationGraphic/${box}?use_default_margins=false&margin_x=-1&margin_y=0`)).status,
    ).toBe(400);
    expect((await get(`LocalizationGraphic/${box}?format=gif`)).status).toBe(400);
    expect((await get('LocalizationGraphic/999999')).status).toBe(404);
  });
});

describe('the picture of a track', () => {
  async function track(frames: number[]): Promise<number> {
    const members: number[] = [];
    for (const frame of frames) members.push(await draw(video, { frame, x: 0, y: 0, width: 1, height: 1 }));
    const spec = { media_ids: [video], type: ids.track, version: ids.baseline, localization_ids: members };
    return (await call<Created>('POST', `/rest/States/${ids.project}`, spec)).body.id[0] ?? 0;
  }

  it('is a film of its members by frame, 224 by 224 unless told otherwise', async () => {
    const id = await track([40, 20, 60]);
    const film = await get(`StateGraphic/${id}`);
    expect(film.headers.get('content-type')).toBe('image/gif');
    expect(await pixelsOf(film)).toMatchObject({ width: 224, height: 224 });
    const wide = 'force_scale=640x360';
    expect(await numbersOf(await get(`StateGraphic/${id}?${wide}&fps=5`))).toEqual([20, 40, 60]);
    expect(await numbersOf(await get(`StateGraphic/${id}?${wide}&offset=1&length=1`))).toEqual([40]);
    const etag = film.headers.get('etag') ?? '';
    expect((await get(`StateGraphic/${id}`, { 'if-none-match': etag })).status).toBe(304);
  });

  it('is one row of pictures where that is asked for', async () => {
    const id = await track([1, 2, 3, 4, 5]);
    expect(await pixelsOf(await get(`StateGraphic/${id}?mode=tile&force_scale=50x40`))).toMatchObject({
      width: 250,
      height: 40,
    });
  });

  it('is refused of what is no track, is empty, or is not there', async () => {
    const activity = {
      type: ids.activity,
      media_ids: [video],
      frame: 2,
      version: ids.baseline,
      attributes: {},
    };
    const state = (await call<Created>('POST', `/rest/States/${ids.project}`, activity)).body.id[0] ?? 0;
    expect((await get(`StateGraphic/${state}`)).status).toBe(400);
    const id = await track([1]);
    for (const query of [
      'fps=0',
      'length=101',
      'length=0',
      'offset=5',
      'offset=-1',
      'mode=spin',
      'mode=tile&format=gif',
    ]) {
      expect((await get(`StateGraphic/${id}?${query}`)).status, query).toBe(400);
    }
    expect((await get('StateGraphic/999999')).status).toBe(404);
  });
});

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { FieldLaptop } from '../support/field-laptop.ts';
import { readFramePattern } from '../support/frame-pattern.ts';
import { type EditorScreen, LibraryScreen } from '../support/screens.ts';
import { sampleClip } from '../support/shared-data.ts';

/*
 * The number that the app shows is held against the number that the picture itself carries: our clip
 * has a late first frame, uneven frame times and key frames 180 frames apart.
 */

const frames = 270;

let laptop: FieldLaptop;
let editor: EditorScreen;

beforeAll(async () => {
  laptop = await FieldLaptop.new();
  const library = new LibraryScreen(laptop.page);
  await library.shown();
  await library.add([sampleClip()]);
  editor = await library.open('dive.mp4');
});

afterAll(async () => {
  await laptop.remove();
});

/** What the picture on the screen says it is. */
async function pictured(): Promise<number | null> {
  const { pixels, width, height } = await laptop.page.evaluate(() => {
    const video = document.querySelector('video')!;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const context = canvas.getContext('2d')!;
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    // RGBA as text: one character a byte crosses the border far faster than a list of numbers.
    let text = '';
    for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
    return { pixels: btoa(text), width: canvas.width, height: canvas.height };
  });
  return readFramePattern(Buffer.from(pixels, 'base64'), width, height);
}

describe('the frame number', () => {
  it('is that of the picture after every one of 60 random seeks', async () => {
    const random = seededRandom(7);
    const wrong: string[] = [];
    for (let i = 0; i < 60; i++) {
      const frame = Math.floor(random() * frames);
      await editor.goTo(frame);
      const seen = await pictured();
      if (seen !== frame) wrong.push(`asked ${frame}, saw ${seen}`);
    }
    expect(wrong).toEqual([]);
  });

  it('is that of the picture after single steps over a key frame, both ways', async () => {
    await editor.goTo(175);
    const seen: (number | null)[] = [];
    for (const key of [...Array<string>(10).fill('ArrowRight'), ...Array<string>(10).fill('ArrowLeft')]) {
      const before = Number(await laptop.page.locator('main[data-frame]').getAttribute('data-frame'));
      await editor.press(key);
      await editor.atFrame(before + (key === 'ArrowRight' ? 1 : -1));
      seen.push(await pictured());
    }
    expect(seen).toEqual([
      176, 177, 178, 179, 180, 181, 182, 183, 184, 185, 184, 183, 182, 181, 180, 179, 178, 177, 176, 175,
    ]);
  });

  it('is that of the picture after playing and pausing', async () => {
    for (let i = 0; i < 5; i++) {
      await editor.goTo(i * 40);
      await editor.press(' ');
      await laptop.page.waitForTimeout(350);
      await editor.press(' ');
      await laptop.page
        .locator('main[data-clock="still"], main[data-clock="confirmed"]')
        .first()
        .waitFor({ timeout: 5000 })
        .catch(() => undefined);
      await laptop.page.waitForTimeout(300);
      const shown = Number(await laptop.page.locator('main[data-frame]').getAttribute('data-frame'));
      expect(shown).toBeGreaterThan(i * 40);
      expect(await pictured()).toBe(shown);
    }
  });

  it('stands beside what is drawn: the picture of the README', async () => {
    await editor.goTo(122);
    await editor.drawBox({ x: 0.19, y: 0.56 }, { x: 0.57, y: 0.78 });
    await editor.chooseSpecies('sebastes', 'Sebastes');
    await editor.drawBox({ x: 0.575, y: 0.34 }, { x: 0.735, y: 0.79 });
    await editor.chooseSpecies('crossota', 'Crossota millsae');
    await editor.counted(2);
    const folder = join(import.meta.dirname, '..', '..', 'test-results', 'screens');
    await mkdir(folder, { recursive: true });
    await laptop.page.screenshot({ path: join(folder, 'readme.png') });
  });

  it('had no uncaught error on any page', () => {
    expect(laptop.pageErrors).toEqual([]);
  });
});

import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TatorClient } from '../../src/api/client.ts';
import { FieldLaptop } from '../support/field-laptop.ts';
import { eventually } from '../support/host.ts';
import { LabelsScreen, LayersScreen, LibraryScreen, StatusBar } from '../support/screens.ts';
import { sampleClip } from '../support/shared-data.ts';

const screens = join(import.meta.dirname, '..', '..', 'test-results', 'screens');
const clip = basename(sampleClip());

let laptop: FieldLaptop;
let other: TatorClient;
let project: number;

interface Row {
  id: number;
  name: string;
  description: string;
  bases: number[];
  parent: number | null;
}

/** Asks until it holds. */
const until = (what: string, holds: () => Promise<boolean>): Promise<unknown> =>
  eventually(async () => ((await holds()) ? true : undefined), { what, patience: 90_000 });

/** As it looks in both themes, on a small and on a large screen. */
async function look(name: string): Promise<void> {
  const { page } = laptop;
  for (const [theme, width, height] of [
    ['light', 1280, 800],
    ['dark', 1920, 1080],
  ] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height });
    // The colours have come over.
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(screens, `${name}-${theme}.png`) });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

async function named(list: 'get_version_list' | 'get_leaf_list', name: string): Promise<Row | undefined> {
  return ((await other.call(list, { project })) as Row[]).find((row) => row.name === name);
}

beforeAll(async () => {
  await mkdir(screens, { recursive: true });
  laptop = await FieldLaptop.new();
  const library = new LibraryScreen(laptop.page);
  await library.shown();
  await library.add([sampleClip()]);
  await library.ready(clip);
  other = await laptop.rest('admin');
  project = ((await other.call('get_project_list', {})) as { id: number }[])[0]!.id;
}, 400_000);

afterAll(async () => {
  await laptop.remove();
});

describe('layers and labels made at sea', () => {
  it('are annotated with at once, and reach the server with what was drawn in them', async () => {
    const { page } = laptop;
    const [labels, layers, status] = [new LabelsScreen(page), new LayersScreen(page), new StatusBar(page)];
    await status.workOffline(true);

    await labels.open();
    await labels.make('Deep forms');
    await labels.make('Dumbo like', 'Deep forms');
    await labels.make('Misplaced');
    await labels.move('Misplaced', 'Dumbo like');
    await labels.choose('Misplaced', 'Rename');
    await labels.type('Flapjack like');
    await labels.row('Flapjack like').waitFor();
    await look('labels');
    await labels.search('nothing of this kind');
    await page.getByText('No label is called').waitFor();
    await labels.search('like');
    await look('labels-search');
    await labels.close();

    const editor = await new LibraryScreen(page).open(clip);
    await editor.drawBox({ x: 0.1, y: 0.1 }, { x: 0.3, y: 0.3 });
    await layers.open();
    await layers.make('Second look', { description: 'by Ana, with the HD screen', basedOn: 'Baseline' });
    await look('layers-new');
    await layers.confirm('Make the layer');
    await until('the new layer in use', async () => (await layers.current()).includes('Second look'));
    await editor.drawBox({ x: 0.5, y: 0.5 }, { x: 0.8, y: 0.8 });
    // A label that was made a moment ago, without a network.
    await editor.chooseSpecies('Dumbo', 'Dumbo like');
    await editor.counted(2);
    await layers.show('Baseline', false);
    await editor.counted(1);
    await look('layers');
    await layers.show('Baseline', true);

    // What would take the drawn along is not offered.
    await until('the layer known to be in use', async () => !(await layers.deleting('Second look')).offered);
    expect(await named('get_version_list', 'Second look')).toBeUndefined();

    await status.workOffline(false);
    await until('the layer on the server', async () => {
      const made = await named('get_version_list', 'Second look');
      const baseline = await named('get_version_list', 'Baseline');
      return made?.description === 'by Ana, with the HD screen' && made.bases[0] === baseline?.id;
    });
    const layer = (await named('get_version_list', 'Second look'))!;
    await until('the annotation in it', async () => {
      const rows = await other.call('get_localization_list', { project, version: [layer.id] });
      const species = (rows as { attributes: Record<string, unknown> }[]).map(
        (row) => row.attributes.Species,
      );
      return species.length === 1 && species[0] === 'Dumbo like';
    });
    await until('the labels on the server', async () => {
      const [family, genus, species] = await Promise.all(
        ['Deep forms', 'Dumbo like', 'Flapjack like'].map((name) => named('get_leaf_list', name)),
      );
      return genus?.parent === family?.id && species?.parent === genus?.id && species !== undefined;
    });
    // What was selected still is, under the name that its layer has now.
    await page
      .locator('section[aria-label="Selected"]')
      .getByText('On the server')
      .waitFor({ timeout: 30_000 });
    expect(await editor.species()).toBe('Dumbo like');
    await editor.counted(2);

    await layers.rename('Second look', 'Third look');
    await until(
      'the new name on the server',
      async () => (await named('get_version_list', 'Third look')) !== undefined,
    );
    await editor.undo('Change a layer');
    await until(
      'the undo on the server',
      async () => (await named('get_version_list', 'Second look')) !== undefined,
    );
    expect((await named('get_version_list', 'Second look'))?.description).toBe('by Ana, with the HD screen');
    expect(laptop.pageErrors).toEqual([]);
  }, 300_000);
});

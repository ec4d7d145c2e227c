import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FieldLaptop } from '../support/field-laptop.ts';
import { eventually } from '../support/host.ts';
import { LibraryScreen, SectionsScreen } from '../support/screens.ts';
import { sampleClip } from '../support/shared-data.ts';

const screens = join(import.meta.dirname, '..', '..', 'test-results', 'screens');

let laptop: FieldLaptop;
let sections: SectionsScreen;

interface SectionRow {
  id: number;
  name: string;
  path: string;
}

/** Asks until it holds. */
const until = (what: string, holds: () => Promise<boolean>): Promise<unknown> =>
  eventually(async () => ((await holds()) ? true : undefined), { what, patience: 60_000 });

beforeAll(async () => {
  await mkdir(screens, { recursive: true });
  laptop = await FieldLaptop.new();
  sections = new SectionsScreen(laptop.page);
});

afterAll(async () => {
  await laptop.remove();
});

describe('sections of a project', () => {
  it('are made, filled, renamed and taken back in the library, and reach the server', async () => {
    const library = new LibraryScreen(laptop.page);
    await library.shown();
    await library.add([sampleClip()]);
    await library.ready(basename(sampleClip()));
    const other = await laptop.rest('annotator');
    const [project] = (await other.call('get_project_list', {})) as { id: number }[];
    const there = async (): Promise<SectionRow[]> =>
      (await other.call('get_section_list', { project: project!.id })) as SectionRow[];

    await sections.make('Dive 7');
    await until('the section on the server', async () =>
      (await there()).some(({ name }) => name === 'Dive 7'),
    );
    await sections.showAll();
    await sections.move(sections.firstCard(), 'Dive 7');
    await until('the media in the section', async () => (await sections.count('Dive 7')) === '1');
    const made = (await there()).find(({ name }) => name === 'Dive 7')!;
    const nameThere = async (): Promise<string | undefined> =>
      (await there()).find(({ id }) => id === made.id)?.name;
    await until('the move on the server', async () => {
      const medias = (await other.call('get_media_list', { project: project!.id })) as {
        primary_section: number | null;
      }[];
      return medias.filter(({ primary_section: section }) => section === made.id).length === 1;
    });
    await sections.choose('Dive 7', 'Rename');
    await sections.type('Dive 7, lower canyon');
    await until('the new name on the server', async () => (await nameThere()) === 'Dive 7, lower canyon');
    for (const [theme, width, height] of [
      ['light', 1280, 800],
      ['dark', 1920, 1080],
    ] as const) {
      await laptop.page.emulateMedia({ colorScheme: theme });
      await laptop.page.setViewportSize({ width, height });
      await laptop.page.screenshot({ path: join(screens, `sections-${theme}.png`) });
    }
    await laptop.page.keyboard.press('Control+z');
    await until('the undo on the server', async () => (await nameThere()) === 'Dive 7');
    expect(await sections.count('Dive 7')).toBe('1');

    // What an undo could not bring back is not offered: the section is emptied first.
    expect(await sections.mayDelete('Dive 7')).toBe(false);
    await sections.move(sections.firstCard(), 'No section');
    await until('the section being empty', async () => (await sections.count('Dive 7')) === '0');
    expect(await sections.mayDelete('Dive 7')).toBe(true);
    await sections.choose('Dive 7', 'Delete');
    await until('the delete on the server', async () => (await nameThere()) === undefined);
    await laptop.page.keyboard.press('Control+z');
    await until('the section again', async () => (await there()).some(({ path }) => path === 'Dive_7'));
  }, 180_000);
});

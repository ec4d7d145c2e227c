import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FieldLaptop } from '../../support/field-laptop.ts';
import { tearIndexedDb } from '../../support/indexeddb-files.ts';
import { EditorScreen, LibraryScreen, StatusBar } from '../../support/screens.ts';
import { sampleClip } from '../../support/shared-data.ts';

/*
 * The device database lost by its real cause: the browser dies, the tail of its LevelDB log is torn,
 * and Chromium deletes the whole database at the second start after that. The user's work comes back
 * from the flight recorder, is told to be back, and reaches the server once.
 */

const clip = basename(sampleClip());
const torn = 11;

let laptop: FieldLaptop;

beforeAll(async () => {
  laptop = await FieldLaptop.new();
});

afterAll(async () => {
  await laptop.remove();
});

function screens(): { library: LibraryScreen; editor: EditorScreen; status: StatusBar } {
  const { page } = laptop;
  return {
    library: new LibraryScreen(page),
    editor: new EditorScreen(page),
    status: new StatusBar(page),
  };
}

/** A database that nobody writes to again: it goes only if the browser deletes all of them. */
const witness = 'witness';

function makeWitness(): Promise<void> {
  return laptop.page.evaluate(
    (name) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => {
          request.result.close();
          resolve();
        };
        request.onerror = () => reject(new Error(name));
      }),
    witness,
  );
}

async function hasWitness(): Promise<boolean> {
  const found = await laptop.page.evaluate(() => indexedDB.databases());
  return found.some(({ name }) => name === witness);
}

/** Elements of the annotations on the server, a name as often as it is there. */
async function onServer(): Promise<{ elementalIds: string[]; comments: unknown[] }> {
  const rest = await laptop.rest('annotator');
  const [project] = (await rest.call('get_project_list', {})) as { id: number }[];
  const rows = (await rest.call('get_localization_list', { project: project!.id })) as {
    elemental_id: string;
    attributes: Record<string, unknown>;
  }[];
  return {
    elementalIds: rows.map((row) => row.elemental_id),
    comments: rows.map((row) => row.attributes.Comment),
  };
}

describe('a device database that is lost to a torn log', () => {
  it('is rebuilt from the flight recorder, tells the user, and doubles nothing on the server', async () => {
    const before = screens();
    await before.library.shown();
    await before.library.add([sampleClip()]);
    await before.library.ready(clip);
    await before.library.open(clip);
    await before.editor.drawBox({ x: 0.1, y: 0.1 }, { x: 0.2, y: 0.2 });
    await before.editor.setText('Comment', 'synced before');
    await before.status.says('All changes synced', 60_000);
    await makeWitness();
    await before.status.workOffline(true);
    await before.editor.setText('Comment', 'changed at sea');
    for (const x of [0.3, 0.5]) {
      await before.editor.drawBox({ x, y: 0.4 }, { x: x + 0.1, y: 0.5 });
      await before.editor.setText('Comment', `drawn at ${x}`);
    }
    await before.status.says('3 unsynced');

    await laptop.browser.kill();
    await tearIndexedDb(laptop.profile.path, laptop.app.origin, torn);
    await laptop.openBrowser();
    await screens().status.says('3 unsynced');
    expect(await hasWitness()).toBe(true);
    await laptop.browser.kill();
    await laptop.openBrowser();

    const after = screens();
    const notice = laptop.page.getByRole('alert', { name: 'Your work was put back' });
    await notice.getByText(/3 annotations .* put back from the safety log/).waitFor();
    // What nobody remembers as sent is unsynced: beside the three it may be the media itself.
    await after.status.says(/[34] unsynced/);
    expect(await hasWitness()).toBe(false);
    await after.library.open(clip);
    await after.editor.counted(3);
    await notice.getByRole('button', { name: 'Dismiss' }).click();
    await after.status.workOffline(false);
    await after.status.says('All changes synced', 60_000);
    const { elementalIds, comments } = await onServer();
    expect(new Set(elementalIds).size).toBe(elementalIds.length);
    expect(comments.toSorted()).toEqual(['changed at sea', 'drawn at 0.3', 'drawn at 0.5']);
    expect(laptop.pageErrors).toEqual([]);
  });
});

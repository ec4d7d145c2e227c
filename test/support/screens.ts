import type { Locator, Page } from 'playwright';

/** What a user sees and does, in the words of the screens. Selectors live here and nowhere else. */

export class LibraryScreen {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async shown(): Promise<void> {
    await this.page.getByRole('button', { name: 'Add media' }).first().waitFor({ timeout: 60_000 });
  }

  /** Through the file chooser. */
  async add(paths: string[]): Promise<void> {
    await this.page.getByLabel('Choose files…').first().setInputFiles(paths);
  }

  /** Through the file chooser, by path alone: the page reads the file itself, however large it is. */
  async addFromDisk(path: string): Promise<void> {
    const chooser = this.page.getByLabel('Choose files…').first();
    const cdp = await this.page.context().newCDPSession(this.page);
    const mark = 'data-chooser-of-test';
    await chooser.evaluate((element, name) => element.setAttribute(name, ''), mark);
    const { root } = await cdp.send('DOM.getDocument');
    const { nodeId } = await cdp.send('DOM.querySelector', { nodeId: root.nodeId, selector: `[${mark}]` });
    await cdp.send('DOM.setFileInputFiles', { files: [path], nodeId });
    await cdp.detach();
  }

  /** Through a drop on the window, as from a file manager. */
  async drop(files: { name: string; bytes: Buffer; type?: string }[]): Promise<void> {
    const plain = files.map(({ name, bytes, type = '' }) => ({
      name,
      type,
      base64: bytes.toString('base64'),
    }));
    const transfer = await this.page.evaluateHandle((list) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of list) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        data.items.add(new File([bytes], name, { type, lastModified: 1_700_000_000_000 }));
      }
      return data;
    }, plain);
    for (const event of ['dragenter', 'dragover', 'drop']) {
      await this.page.dispatchEvent('body', event, { dataTransfer: transfer });
    }
  }

  card(name: string): Locator {
    return this.page.getByRole('article', { name });
  }

  async ready(name: string, patience = 180_000): Promise<void> {
    await this.card(name).getByText('Ready', { exact: true }).waitFor({ timeout: patience });
  }

  /** Waits until it can be opened, which is before it is uploaded. */
  async open(name: string): Promise<EditorScreen> {
    await this.page.getByRole('button', { name: `Open ${name}` }).click({ timeout: 120_000 });
    const editor = new EditorScreen(this.page);
    await editor.atFrame(0);
    return editor;
  }
}

export interface Point {
  x: number;
  y: number;
}

export class EditorScreen {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Waits until the picture of this frame is confirmed to be on the screen. */
  async atFrame(frame: number): Promise<void> {
    await this.page.locator(`main[data-frame="${frame}"]`).waitFor({ timeout: 20_000 });
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  async goTo(frame: number): Promise<void> {
    const field = this.page.getByLabel('Go to frame');
    await field.fill(String(frame));
    await field.press('Enter');
    await this.atFrame(frame);
    // Keys go to the picture again.
    await this.stage().focus();
  }

  stage(): Locator {
    return this.page.getByRole('application');
  }

  /** Page coordinates of a point relative to the picture (0..1 on both axes). */
  async at({ x, y }: Point): Promise<Point> {
    const box = await this.page.locator('main video, main img').first().boundingBox();
    if (box === null) throw new Error('no picture on the screen');
    return { x: box.x + x * box.width, y: box.y + y * box.height };
  }

  async drag(from: Point, to: Point): Promise<void> {
    const [a, b] = [await this.at(from), await this.at(to)];
    await this.page.mouse.move(a.x, a.y);
    await this.page.mouse.down();
    await this.page.mouse.move((a.x + b.x) / 2, (a.y + b.y) / 2, { steps: 4 });
    await this.page.mouse.move(b.x, b.y, { steps: 4 });
    await this.page.mouse.up();
  }

  async click(point: Point): Promise<void> {
    const { x, y } = await this.at(point);
    await this.page.mouse.click(x, y);
  }

  /** Draws a box and waits until it is on disk. */
  async drawBox(from: Point, to: Point): Promise<void> {
    await this.stage().focus();
    await this.press('b');
    await this.drag(from, to);
    await this.page.getByRole('button', { name: 'Delete annotation' }).waitFor();
    await this.saved();
  }

  async saved(): Promise<void> {
    await this.page.locator('[data-save="saved"]').waitFor({ timeout: 20_000 });
  }

  saveState(): Promise<string | null> {
    return this.page.locator('[data-save]').getAttribute('data-save');
  }

  async undo(what: string): Promise<void> {
    await this.page.getByRole('button', { name: `Undo: ${what}`, exact: true }).click();
  }

  /** A text field is committed when it is left. */
  async setText(attribute: string, value: string): Promise<void> {
    const field = this.field(attribute);
    await field.fill(value);
    await field.blur();
    await this.saved();
  }

  async chooseSpecies(typed: string, species: string): Promise<void> {
    const field = this.page.getByRole('combobox', { name: 'Species' });
    await field.click();
    await field.fill(typed);
    await this.page.getByRole('option', { name: species, exact: true }).click();
    await this.saved();
  }

  field(attribute: string): Locator {
    return this.page.getByRole('textbox', { name: attribute, exact: true });
  }

  species(): Promise<string> {
    return this.page.getByRole('combobox', { name: 'Species' }).inputValue();
  }

  /** Pixels of the selected shape as the inspector tells them: `464 × 232 px at 749, 414`. */
  position(): Promise<string> {
    return this.page.locator('section[aria-label="Selected"] dd').nth(1).innerText();
  }

  /** The number beside the tab: annotations on all frames. */
  async count(): Promise<number> {
    const text = await this.page.getByRole('tab', { name: /^All/ }).innerText();
    return Number(/\d+/.exec(text)?.[0] ?? '0');
  }

  async counted(expected: number): Promise<void> {
    await this.page
      .getByRole('tab', { name: new RegExp(`^All\\s*${expected > 0 ? expected : '0?'}$`) })
      .waitFor({ timeout: 20_000 });
  }

  async back(): Promise<void> {
    await this.page.getByRole('button', { name: 'Back to the library' }).click();
  }

  undoButton(): Locator {
    return this.page.getByRole('button', { name: /^Undo|^Nothing to undo/ });
  }
}

export class StatusBar {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  bar(): Locator {
    return this.page.getByRole('contentinfo');
  }

  async says(text: string | RegExp, patience = 30_000): Promise<void> {
    await this.bar().getByText(text).first().waitFor({ timeout: patience });
  }

  async openSync(tab: 'Queue' | 'Conflicts' | 'Uploads' | 'Server'): Promise<Locator> {
    const panel = this.page.getByRole('complementary', { name: 'Sync' });
    if (!(await panel.isVisible())) await this.bar().getByRole('button').first().click();
    await panel.getByRole('tab', { name: new RegExp(`^${tab}`) }).click();
    return panel;
  }

  async closeSync(): Promise<void> {
    await this.page.getByRole('button', { name: 'Close the sync panel' }).click();
  }

  async workOffline(on: boolean): Promise<void> {
    const panel = await this.openSync('Server');
    const toggle = panel.getByRole('switch', { name: 'Work offline' });
    if ((await toggle.getAttribute('aria-checked')) !== String(on)) await toggle.click();
    await this.closeSync();
  }
}

/** The list of sections beside the library. */
export class SectionsScreen {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  #nav(): Locator {
    return this.page.getByRole('navigation', { name: 'Sections' });
  }

  #row(name: string): Locator {
    return this.#nav().locator('.item').filter({ hasText: name });
  }

  async make(name: string): Promise<void> {
    await this.#nav().getByRole('button', { name: 'New section' }).click();
    await this.type(name);
    await this.#row(name).waitFor();
  }

  async type(name: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Name of the section' }).fill(name);
    await this.page.keyboard.press('Enter');
  }

  async showAll(): Promise<void> {
    await this.#nav().getByRole('button', { name: 'All media' }).click();
  }

  firstCard(): Locator {
    return this.page.getByRole('article').first();
  }

  async move(card: Locator, section: string): Promise<void> {
    await card.getByRole('button', { name: /to a section$/ }).click();
    await this.page.getByRole('menuitem', { name: section }).click();
  }

  async choose(section: string, what: string): Promise<void> {
    await this.#row(section).hover();
    await this.#row(section)
      .getByRole('button', { name: /^What to do/ })
      .click();
    await this.page.getByRole('menuitem', { name: what }).click();
  }

  /** Looks at the menu and closes it again. */
  async mayDelete(section: string): Promise<boolean> {
    await this.#row(section).hover();
    await this.#row(section)
      .getByRole('button', { name: /^What to do/ })
      .click();
    const item = this.page.getByRole('menuitem', { name: /^Delete/ });
    const disabled = await item.getAttribute('aria-disabled');
    await this.page.keyboard.press('Escape');
    await item.waitFor({ state: 'detached' });
    return disabled !== 'true';
  }

  async count(section: string): Promise<string> {
    return (await this.#row(section).locator('.count').textContent()) ?? '';
  }
}

/** The panel of labels beside the library. */
export class LabelsScreen {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  #panel(): Locator {
    return this.page.getByRole('complementary', { name: 'Labels' });
  }

  row(name: string): Locator {
    return this.#panel()
      .locator('.label')
      .filter({ has: this.page.getByText(name, { exact: true }) });
  }

  async open(): Promise<void> {
    await this.page.getByRole('button', { name: 'Labels', exact: true }).click();
    await this.#panel().waitFor();
  }

  async close(): Promise<void> {
    await this.#panel().getByRole('button', { name: 'Close the labels' }).click();
  }

  async make(name: string, below?: string): Promise<void> {
    if (below === undefined)
      await this.#panel().getByRole('button', { name: 'New label', exact: true }).click();
    else {
      await this.row(below).hover();
      await this.row(below)
        .getByRole('button', { name: `New label below ${below}` })
        .click();
    }
    await this.type(name);
    await this.row(name).waitFor();
  }

  async type(name: string): Promise<void> {
    const field = this.page.getByRole('textbox', { name: 'Name of the label' });
    await field.fill(name);
    await field.press('Enter');
  }

  async search(text: string): Promise<void> {
    await this.#panel().getByRole('searchbox', { name: 'Search labels' }).fill(text);
  }

  async choose(name: string, what: string): Promise<void> {
    await this.row(name).hover();
    await this.row(name)
      .getByRole('button', { name: /^What to do/ })
      .click();
    await this.page.getByRole('menuitem', { name: what, exact: true }).click();
  }

  async move(name: string, below: string): Promise<void> {
    await this.choose(name, 'Move…');
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('searchbox').fill(below);
    await dialog.getByRole('button', { name: below }).click();
    await dialog.getByRole('button', { name: 'Move', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  }
}

/** The panel of layers in the editor. */
export class LayersScreen {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  #panel(): Locator {
    return this.page.getByRole('complementary', { name: 'Layers' });
  }

  row(name: string): Locator {
    return this.#panel().getByRole('listitem').filter({ hasText: name });
  }

  async open(): Promise<void> {
    await this.page.getByRole('button', { name: 'Layers of the project' }).click();
    await this.#panel().waitFor();
  }

  async make(name: string, { description = '', basedOn = '' }): Promise<void> {
    await this.#panel().getByRole('button', { name: 'New layer' }).click();
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
    await dialog.getByRole('textbox', { name: 'Description' }).fill(description);
    if (basedOn !== '') await dialog.getByRole('checkbox', { name: basedOn }).check();
  }

  async confirm(button: 'Make the layer' | 'Save'): Promise<void> {
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('button', { name: button }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  async rename(name: string, to: string): Promise<void> {
    await this.#menu(name);
    await this.page.getByRole('menuitem', { name: 'Name and description…' }).click();
    await this.page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill(to);
    await this.confirm('Save');
    await this.row(to).waitFor();
  }

  async choose(name: string): Promise<void> {
    await this.#panel()
      .getByRole('button', { name: `Annotate in ${name}` })
      .click();
  }

  async show(name: string, shown: boolean): Promise<void> {
    await this.#panel()
      .getByRole('button', { name: `${shown ? 'Show' : 'Hide'} ${name}` })
      .click();
  }

  /** The new annotations' layer. */
  current(): Promise<string> {
    return this.#panel().locator('.current .name').innerText();
  }

  /** What the menu offers of deleting it; closes the menu again. */
  async deleting(name: string): Promise<{ label: string; offered: boolean }> {
    await this.#menu(name);
    const item = this.page.getByRole('menuitem', { name: /^Delete/ });
    const found = {
      label: await item.innerText(),
      offered: (await item.getAttribute('aria-disabled')) !== 'true',
    };
    await this.page.keyboard.press('Escape');
    await item.waitFor({ state: 'detached' });
    return found;
  }

  async #menu(name: string): Promise<void> {
    await this.row(name)
      .getByRole('button', { name: /^What to do/ })
      .click();
  }
}

import type { Locator, Page } from 'playwright';

/** The list of bookmarks: a tab of the inspector in the editor, a panel in the library. */
export class BookmarksScreen {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** By the key, of the frame on the screen; the field offers a name. */
  async keep(name?: string, look: () => Promise<void> = async () => undefined): Promise<string> {
    await this.page.getByRole('application').focus();
    await this.page.keyboard.press('m');
    const field = this.#name();
    const offered = await field.inputValue();
    await look();
    if (name !== undefined) await field.fill(name);
    await field.press('Enter');
    return offered;
  }

  async openTab(): Promise<void> {
    await this.page.getByRole('tab', { name: /^Bookmarks/ }).click();
  }

  async openPanel(): Promise<void> {
    await this.page.getByRole('button', { name: 'Bookmarks', exact: true }).click();
    await this.page.getByRole('complementary', { name: 'Bookmarks' }).waitFor();
  }

  row(name: string): Locator {
    return this.page.getByRole('button', { name: `Go to ${name}`, exact: true });
  }

  item(name: string): Locator {
    return this.page.getByRole('listitem').filter({ has: this.row(name) });
  }

  async choose(name: string, what: 'Rename' | 'Delete'): Promise<void> {
    await this.page.getByRole('button', { name: `What to do with bookmark ${name}`, exact: true }).click();
    await this.page.getByRole('menuitem', { name: what }).click();
  }

  async rename(name: string, next: string): Promise<void> {
    await this.choose(name, 'Rename');
    await this.#name().fill(next);
    await this.#name().press('Enter');
    await this.row(next).waitFor();
  }

  #name(): Locator {
    return this.page.getByRole('textbox', { name: 'Name of the bookmark' });
  }
}

/** The favorites of a type in the inspector. */
export class FavoritesScreen {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** What is selected, without the values that are named. */
  async save(
    name: string,
    without: readonly string[] = [],
    look: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    await this.page.getByRole('button', { name: 'Save these values as a favorite' }).click();
    const dialog = this.page.getByRole('dialog', { name: /^New favorite/ });
    await dialog.getByRole('textbox', { name: 'Name of the favorite' }).fill(name);
    for (const attribute of without)
      await dialog.getByRole('switch', { name: `Keep ${attribute}`, exact: true }).click();
    await look();
    await dialog.getByRole('button', { name: 'Save the favorite' }).click();
    await dialog.waitFor({ state: 'detached' });
    await this.row(name).waitFor();
  }

  row(name: string): Locator {
    return this.page.getByRole('button', { name: new RegExp(`^Favorite ${name}:`) });
  }

  async choose(name: string, what: string): Promise<void> {
    await this.page.getByRole('button', { name: `What to do with favorite ${name}`, exact: true }).click();
    await this.page.getByRole('menuitem', { name: what, exact: true }).click();
  }

  async rename(name: string, next: string): Promise<void> {
    await this.choose(name, 'Rename');
    const field = this.page.getByRole('textbox', { name: 'Name of the favorite' });
    await field.fill(next);
    await field.press('Enter');
    await this.row(next).waitFor();
  }
}

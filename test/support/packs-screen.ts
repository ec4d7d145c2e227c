import type { Locator, Page } from 'playwright';
import { LibraryScreen } from './screens.ts';

/** Taking media along, in the words of the screens. */
export class PacksScreen {
  readonly page: Page;
  readonly library: LibraryScreen;

  constructor(page: Page) {
    this.page = page;
    this.library = new LibraryScreen(page);
  }

  /** Opens the confirm panel of one media. */
  async ask(name: string): Promise<Locator> {
    await this.page.getByRole('button', { name: `Fetch ${name} to this device` }).click();
    return this.panel(`Fetch ${name}`);
  }

  /** Opens the confirm panel of everything that is shown. */
  async askForAll(count: number): Promise<Locator> {
    await this.page.getByRole('button', { name: `Fetch ${count} items to this device` }).click();
    return this.panel(`Fetch ${count} media`);
  }

  async confirm(): Promise<void> {
    await this.page.getByRole('dialog').getByRole('button', { name: 'Fetch', exact: true }).click();
    await this.page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  async says(name: string, text: string | RegExp, patience = 60_000): Promise<void> {
    await this.library.card(name).getByText(text).first().waitFor({ timeout: patience });
  }

  async press(order: 'Pause fetching' | 'Resume fetching' | 'Cancel fetching', name: string): Promise<void> {
    await this.library
      .card(name)
      .getByRole('button', { name: `${order} ${name}` })
      .click();
  }

  /** The list of what is on this device, or on its way. */
  async openList(): Promise<Locator> {
    const list = this.page.getByRole('complementary', { name: 'On this device' });
    if (!(await list.isVisible())) await this.page.getByRole('button', { name: /^On this device/ }).click();
    await list.waitFor();
    return list;
  }

  /** Where the cards are, so that a test can tell whether one moved. */
  async places(): Promise<{ name: string | null; x: number; y: number; height: number }[]> {
    const cards = await this.page.getByRole('article').all();
    return Promise.all(
      cards.map(async (card) => {
        const box = await card.boundingBox();
        const { x = 0, y = 0, height = 0 } = box ?? {};
        return { name: await card.getAttribute('aria-label'), x, y, height };
      }),
    );
  }

  private async panel(title: string): Promise<Locator> {
    const dialog = this.page.getByRole('dialog', { name: title });
    await dialog.waitFor();
    return dialog;
  }
}

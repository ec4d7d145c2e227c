import type { Page } from 'playwright';
import { inChromium as run } from '../support/in-chromium.ts';

/** Runs `work` in a real Chromium, on a fresh profile, with a script of `page/` loaded. */
export function inChromium<T>(
  entry: string,
  expose: Readonly<Record<string, (...values: never[]) => unknown>>,
  work: (page: Page) => Promise<T>,
): Promise<T> {
  return run(new URL(`page/${entry}`, import.meta.url), expose, work);
}

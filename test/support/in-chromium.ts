import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Page } from 'playwright';
import { build } from 'vite';
import { newProfile, startBrowser } from './browser.ts';

/** A script with all that it imports, as one text: an ES module, or one that any page can be given. */
export async function bundlePage(entry: URL, format: 'es' | 'iife' = 'es'): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [svelte({ configFile: false })],
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      target: 'es2023',
      lib: { entry: fileURLToPath(entry), formats: [format], name: 'page', fileName: 'page' },
    },
  });
  const output = Array.isArray(built) ? built[0] : built;
  if (output === undefined || !('output' in output)) throw new Error(`${entry.pathname} was not built`);
  return output.output[0].code;
}

/** Runs `work` in a real Chromium, on a fresh profile, with the script `entry` loaded. */
export async function inChromium<T>(
  entry: URL,
  expose: Readonly<Record<string, (...values: never[]) => unknown>>,
  work: (page: Page) => Promise<T>,
): Promise<T> {
  const code = await bundlePage(entry);
  const server = createServer((request, response) => {
    const isCode = request.url === '/page.js';
    response.setHeader('content-type', isCode ? 'text/javascript' : 'text/html');
    response.end(isCode ? code : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const profile = await newProfile();
  const browser = await startBrowser({ profile: profile.path });
  try {
    const page = await browser.page();
    for (const [name, run] of Object.entries(expose)) await page.exposeFunction(name, run);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return await work(page);
  } finally {
    await browser.close();
    server.close();
    await profile.remove();
  }
}

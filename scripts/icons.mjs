/** `node scripts/icons.mjs`: draws `resources/icons/icon.png` from the SVG, with the tests' Chromium. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { ensureChromium, root } from './lib/provide.mjs';

const folder = join(root, 'resources', 'icons');
const size = 1024;
const browser = await chromium.launch({
  executablePath: ensureChromium() ?? undefined,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
const page = await browser.newPage({ viewport: { width: size, height: size } });
const svg = readFileSync(join(folder, 'icon.svg')).toString('base64');
await page.setContent(
  `<body style="margin:0"><img width="${size}" height="${size}" src="data:image/svg+xml;base64,${svg}"></body>`,
);
await page.locator('img').evaluate((image) => image.decode());
await page.screenshot({ path: join(folder, 'icon.png'), omitBackground: true });
await browser.close();

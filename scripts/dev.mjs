/**
 * `npm run dev`: Tidemark with hot reload of the pages. In Electron where it is there, else in browser mode:
 * the bundler serves the pages, the host passes them on behind its own address.
 *
 *   npm run dev -- [--browser] [--data FOLDER]
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createServer } from 'vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { bundle, ensureBuilt } from './lib/build.mjs';
import { checkNode, ensurePackages, root } from './lib/provide.mjs';

checkNode();
ensurePackages();
const { values } = parseArgs({
  options: { browser: { type: 'boolean', default: false }, data: { type: 'string' } },
});
const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist');
const display = process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
if (!values.browser && display && existsSync(dist)) process.exit(bundle(['dev', '--watch']));

ensureBuilt();
const vite = await createServer({
  configFile: false,
  root: join(root, 'src', 'renderer'),
  publicDir: join(root, 'resources', 'public'),
  plugins: [svelte({ configFile: false })],
  server: { host: '127.0.0.1', port: 5173 },
});
await vite.listen();
const devServer = vite.resolvedUrls.local[0].replace(/\/$/, '');
const args = [join(root, 'out', 'main', 'browser.js'), '--dev-server', devServer];
if (values.data !== undefined) args.push('--data', values.data);
const host = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
createInterface({ input: host.stdout }).on('line', (line) => {
  const { event, url, fault } = JSON.parse(line);
  console.log(event === 'ready' ? `Open ${url}` : `The host did not start: ${fault?.message}`);
});
host.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => host.kill('SIGTERM'));

/**
 * `npm start`: opens Tidemark. In Electron where its program is there or can be had and a display is there,
 * else in browser mode: in the system's browser, or at an address that is printed.
 *
 *   npm start -- [--data FOLDER] [--browser] [--no-open] [--no-hub] [--port N]
 *
 * TIDEMARK_DATA names the data folder as well. Nothing is installed outside of this folder; when ffmpeg is
 * missing the app says so, and how to get it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode, ensurePackages, root, which } from './lib/provide.mjs';
import { ensureBuilt } from './lib/build.mjs';

checkNode();
const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    port: { type: 'string' },
    browser: { type: 'boolean', default: false },
    'no-open': { type: 'boolean', default: false },
    'no-hub': { type: 'boolean', default: false },
  },
});
ensurePackages();
ensureBuilt();

const display =
  process.platform === 'win32' ||
  process.platform === 'darwin' ||
  Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
const electron = values.browser || !display || values['no-hub'] ? null : findElectron();
if (electron === null) startBrowserMode();
else startElectron(electron);

/** Path of the Electron program; fetched once where it is missing and the network allows. */
function findElectron() {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist');
  const program = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }[process.platform];
  const path = join(folder, program ?? 'electron');
  if (existsSync(path)) return path;
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH !== undefined) return null;
  console.log('Fetching Electron (once) ...');
  const install = join(root, 'node_modules', 'electron', 'install.js');
  spawnSync(process.execPath, [install], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'ignore'],
    timeout: 180_000,
  });
  if (existsSync(path)) return path;
  console.log('Electron could not be fetched; Tidemark opens in the browser instead.');
  return null;
}

function startElectron(program) {
  const env = { ...process.env, ...(values.data === undefined ? {} : { TIDEMARK_DATA: values.data }) };
  // Chromium's sandbox refuses to run as root.
  const args = process.getuid?.() === 0 ? [root, '--no-sandbox'] : [root];
  passOn(spawn(program, args, { stdio: 'inherit', env }));
}

function startBrowserMode() {
  const args = [join(root, 'out', 'main', 'browser.js')];
  for (const name of ['data', 'port']) if (values[name] !== undefined) args.push(`--${name}`, values[name]);
  if (values['no-hub']) args.push('--no-hub');
  // A group of its own, so that Ctrl-C reaches it once, through us.
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: process.platform !== 'win32',
  });
  createInterface({ input: child.stdout }).on('line', onLine);
  passOn(child);
}

function onLine(line) {
  let message;
  try {
    message = JSON.parse(line);
  } catch {
    console.log(line);
    return;
  }
  if (message.event === 'ready') {
    const { version } = createRequire(import.meta.url)(join(root, 'package.json'));
    console.log(`Tidemark ${version} is running. Data: ${message.dataFolder}`);
    const opened = display && !values['no-open'] && openInBrowser(message.url);
    console.log(
      `${opened ? 'It opens in your browser. If not, open' : 'Open this address in a browser:'} ${message.url}`,
    );
    console.log('Ctrl-C ends it.');
  } else if (message.event === 'failed') {
    const { fault } = message;
    console.error(
      `Tidemark did not start. ${fault.message}${fault.detail === undefined ? '' : ` (${fault.detail})`}`,
    );
    if (fault.code === 'data-in-use') {
      console.error('To run both, name another folder with --data.');
    }
  }
}

function openInBrowser(url) {
  const [program, ...args] = {
    win32: ['rundll32', 'url.dll,FileProtocolHandler'],
    darwin: ['open'],
  }[process.platform] ?? ['xdg-open'];
  if (process.platform === 'linux' && which(program) === null) return false;
  const opener = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
  opener.on('error', () => {});
  opener.unref();
  return true;
}

/** Signals go to the app, and its end is ours. */
function passOn(child) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
  child.on('exit', (code) => process.exit(code ?? 1));
  child.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
}

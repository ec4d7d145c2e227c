/**
 * Finds what a command needs on this machine, or provides it. Plain Node without dependencies,
 * because it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

const MINIMUM_NODE = [20, 19];

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  console.error(`Tidemark needs Node ${MINIMUM_NODE.join('.')} or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

/** Runs a command with its output shown; returns its exit code. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32' && command === 'npm',
    ...options,
  });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}

/** Installs the packages of the lock file unless the present ones came from the same lock file. */
export function ensurePackages() {
  const stamp = join(root, 'node_modules', '.tidemark-lock');
  const digest = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  if (hasEveryPackage()) return writeFileSync(stamp, digest);
  console.log('Installing packages (once) ...');
  const code = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code !== 0) {
    console.error('The packages could not be installed. Check the network and run the command again.');
    process.exit(code);
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stamp, digest);
}

/**
 * Whether npm has installed exactly what the lock file names, for instance by an `npm install` just now:
 * a tree that is in use is not taken down without need. Optional packages may be missing.
 */
function hasEveryPackage() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    const is = existsSync(join(root, path)) ? present[path]?.version : undefined;
    return is === version || (is === undefined && optional === true);
  });
}

/** Path of a program on PATH, or null. */
export function which(name) {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const suffix of suffixes) {
      const path = join(folder, name + suffix);
      if (folder !== '' && existsSync(path)) return path;
    }
  }
  return null;
}

/** A Debian-like machine on which this process may install packages. */
function canUseApt() {
  return process.platform === 'linux' && process.getuid?.() === 0 && which('apt-get') !== null;
}

function aptInstall(packages) {
  console.log(`Installing ${packages.join(', ')} from the system's packages ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], { env });
  return run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env }) === 0;
}

function findChromium() {
  const named = process.env.TIDEMARK_CHROMIUM;
  if (named !== undefined && existsSync(named)) return named;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    const path = which(name);
    if (path !== null) return path;
  }
  const { chromium } = createRequire(join(root, 'package.json'))('playwright');
  const bundled = chromium.executablePath();
  return existsSync(bundled) ? bundled : null;
}

/** Path of a Chromium for the end-to-end tests, installed if need be; null if none can be had. */
export function ensureChromium() {
  const found = findChromium();
  if (found !== null) return found;
  if (canUseApt() && aptInstall(['chromium', 'fonts-liberation'])) return findChromium();
  console.log("Fetching Playwright's Chromium ...");
  run(process.execPath, [join(root, 'node_modules', 'playwright', 'cli.js'), 'install', 'chromium']);
  return findChromium();
}

/** Path of ffmpeg for the tests, installed if need be; null if none can be had. */
export function ensureFfmpeg() {
  const named = process.env.FFMPEG_PATH;
  if (named !== undefined && existsSync(named)) return named;
  const found = which('ffmpeg');
  if (found !== null) return found;
  if (canUseApt() && aptInstall(['ffmpeg'])) return which('ffmpeg');
  return null;
}

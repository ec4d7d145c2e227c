/** Builds what is older than its sources. Plain Node without dependencies. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './provide.mjs';

const sources = ['src', 'electron', 'resources', 'electron.vite.config.ts', 'package-lock.json'];
const stamp = join(root, 'out', '.built');

/** The newest change below a path, ms. */
function newest(path) {
  if (!existsSync(path)) return 0;
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), info.mtimeMs);
}

export function isBuilt() {
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  return sources.every((source) => newest(join(root, source)) <= built);
}

/** Runs the bundler by its file: the link in `.bin` is not executable everywhere. */
export function bundle(args, options = {}) {
  const program = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
  return run(process.execPath, [program, ...args], options);
}

/** Returns the exit code. */
export function build() {
  const started = new Date();
  const code = bundle(['build', '--logLevel', 'warn']);
  if (code === 0) {
    // What changed while it was built is newer than the stamp.
    writeFileSync(stamp, started.toISOString());
  }
  return code;
}

export function ensureBuilt() {
  if (isBuilt()) return;
  console.log('Building Tidemark ...');
  const code = build();
  if (code !== 0) process.exit(code);
}

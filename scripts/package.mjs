/**
 * `npm run package`: installers of this machine's system by electron-builder, as far as the machine allows.
 * Each target that cannot be made here is named with its reason; the exit code is 0 when the unpacked
 * program, at least, was made.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { checkNode, ensurePackages, root } from './lib/provide.mjs';
import { ensureBuilt } from './lib/build.mjs';

checkNode();
ensurePackages();
ensureBuilt();

const targets = { linux: ['dir', 'AppImage', 'deb'], darwin: ['dir', 'dmg'], win32: ['dir', 'nsis'] };
const flag = { linux: '--linux', darwin: '--mac', win32: '--win' }[process.platform];
const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist');
const builder = join(root, 'node_modules', 'electron-builder', 'cli.js');
const made = [];
const stopped = [];

for (const target of targets[process.platform] ?? []) {
  console.log(`\n> ${target}`);
  const args = [builder, flag, target, '--publish', 'never', '--config', 'electron-builder.yml'];
  if (existsSync(dist)) args.push(`-c.electronDist=${dist}`);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 15 * 60_000,
    maxBuffer: 64 * 2 ** 20,
  });
  process.stdout.write(stdout ?? '');
  if (status === 0) made.push(target);
  else {
    stopped.push(`${target}: ${reasonIn(`${stderr ?? ''}\n${stdout ?? ''}`)}`);
    // Without the program itself no installer can follow.
    if (target === 'dir') break;
  }
}

console.log(`\nMade in dist/: ${made.length === 0 ? 'nothing' : made.join(', ')}`);
for (const line of stopped) console.log(`Stopped at ${line}`);
console.log('Installers of other systems are made on those systems.');
process.exit(made.length === 0 ? 1 : 0);

function reasonIn(text) {
  const lines = text.split('\n').filter((line) => /⨯|error|cannot|failed/i.test(line));
  const reason = (lines[0] ?? 'electron-builder gave no reason')
    .replace('⨯', '')
    .replace(/\s+(failedTask|stackTrace)=.*/, '')
    .trim()
    .slice(0, 300);
  if (!/ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT/.test(reason)) return reason;
  return (
    `Electron's own program is not on this machine and could not be fetched (${reason}). ` +
    'Run the command with a network, or name the folder of an unpacked one in ELECTRON_OVERRIDE_DIST_PATH.'
  );
}

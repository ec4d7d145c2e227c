/** `npm run hub`: the server alone. `npm run hub -- --help` lists its options. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkNode, ensurePackages, root } from './lib/provide.mjs';
import { ensureBuilt } from './lib/build.mjs';

checkNode();
ensurePackages();
ensureBuilt();
const hub = spawn(process.execPath, [join(root, 'out', 'main', 'hub.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  // Ctrl-C reaches it once, through us.
  detached: process.platform !== 'win32',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => hub.kill('SIGTERM'));
hub.on('exit', (code) => process.exit(code ?? 1));

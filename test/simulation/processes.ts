import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { Found, Message, Share } from './share.ts';

/** Nearly all of a schedule lives for some milliseconds only, and is best swept away seldom; MB. */
const youngGeneration = 64;

/**
 * Runs schedules on all cores, one process each, and gives the number of crashes in them. The processes
 * run plain JavaScript: what TypeScript loaders add to each function for its name costs a tenth.
 */
export async function inProcesses(
  { schedules, seed }: { schedules: number; seed: number },
  onFound: (found: Found) => void,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'simulation-'));
  try {
    const script = await bundled(folder);
    const step = availableParallelism();
    const shares = Array.from({ length: step }, (_, i) =>
      inProcess(script, { from: seed + i, step, end: seed + schedules }, onFound),
    );
    return (await Promise.all(shares)).reduce((sum, crashes) => sum + crashes, 0);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The path of `share.ts` as one script. */
async function bundled(folder: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'warn',
    // It runs away from the packages that it imports.
    ssr: { noExternal: true },
    build: {
      ssr: fileURLToPath(new URL('share.ts', import.meta.url)),
      target: 'node20',
      minify: false,
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: 'share.mjs' } },
    },
  });
  return join(folder, 'share.mjs');
}

function inProcess(script: string, share: Share, onFound: (found: Found) => void): Promise<number> {
  const child = fork(script, [JSON.stringify(share)], {
    execArgv: [`--max-semi-space-size=${youngGeneration}`],
  });
  return new Promise((resolve, reject) => {
    child.on('message', (message: Message) => {
      if (message.kind === 'found') onFound(message.found);
      else resolve(message.crashes);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`a process of the simulation ended with ${code}`)));
  });
}

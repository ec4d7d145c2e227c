import { randomBytes, randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import { faultOf } from '../contract/errors.ts';
import { tatorCalls } from './accounts/tator-calls.ts';
import { dataFolderAt, makeDataFolder } from './data-folder.ts';
import { createHost, type RunningHost } from './host.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { programVersion } from './program-version.ts';
import { shellCipher } from './shell-cipher.ts';
import type { HostToShell, ShellToHost } from './shell-messages.ts';
import { nodePortChannel, type NodePort } from './server/node-port-channel.ts';
import { startBrowserServer } from './server/browser-server.ts';

/** Electron's end of a utility process; only its type is missing in plain Node. */
interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown; ports: NodePort[] }) => void): void;
  postMessage(message: HostToShell): void;
}

/** The host as Electron's utility process. Ports of pages that ask before it is ready wait. */
function main(parent: ParentPort): void {
  const here = dirname(fileURLToPath(import.meta.url));
  const cipher = shellCipher((message) => parent.postMessage(message));
  const early: NodePort[] = [];
  let host: RunningHost | null = null;
  let close: () => Promise<void> = () => Promise.resolve();

  const start = async (init: Extract<ShellToHost, { kind: 'init' }>): Promise<void> => {
    const clock = systemClock();
    const folder = dataFolderAt(init.dataFolder);
    await makeDataFolder(folder);
    const lock = await takeInstanceLock(folder.lock, clock);
    const log = (line: string): void => void process.stderr.write(`tidemark: ${line}\n`);
    const running = await createHost({
      version: await programVersion(here),
      mode: 'electron',
      dataRoot: init.dataFolder,
      bundle: init.rendererFolder,
      hubScript: init.hubEntry,
      env: process.env,
      cipher,
      callServer: tatorCalls({ clock, random: Math.random }),
      clock,
      random: Math.random,
      makeId: randomUUID,
      log,
    });
    const authorization = `Bearer ${randomBytes(32).toString('base64url')}`;
    const server = await startBrowserServer({
      assets: running.assets,
      access: { kind: 'header', authorization },
      port: null,
      onChannel: running.attach,
      receiveImport: (id, offset, bytes) => running.imports.receive(id, offset, bytes),
      onError: (what, thrown) => log(`${what}: ${faultOf(thrown).code}`),
    });
    close = async () => {
      await server.close();
      await running.stop();
      await lock.release();
    };
    host = running;
    running.begin();
    for (const port of early.splice(0)) running.attach(nodePortChannel(port));
    parent.postMessage({ kind: 'ready', address: server.origin, authorization });
  };

  parent.on('message', ({ data, ports }) => {
    const message = data as ShellToHost; // from our own main process, of the same build
    switch (message.kind) {
      case 'init':
        start(message).catch((thrown: unknown) =>
          parent.postMessage({ kind: 'failed', fault: faultOf(thrown) }),
        );
        return;
      case 'page':
        for (const port of ports) {
          if (host === null) early.push(port);
          else host.attach(nodePortChannel(port));
        }
        return;
      case 'secret':
        cipher.answer(message.id, message.value);
        return;
      case 'power':
        if (message.event === 'resume') host?.wake();
        return;
      case 'stop':
        void close().finally(() => {
          parent.postMessage({ kind: 'stopped' });
          process.exit(0);
        });
        return;
    }
  });
}

const { parentPort } = process as unknown as { parentPort?: ParentPort };
if (parentPort === undefined) {
  process.stderr.write('tidemark: this program is started by Electron; for browser mode run browser.js\n');
  process.exit(1);
}
main(parentPort);

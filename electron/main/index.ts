import { app, type BrowserWindow, dialog, powerMonitor } from 'electron';
import { join } from 'node:path';
import { HostProcess, type HostState } from './host-process.ts';
import { installMenu } from './menu.ts';
import { registerScheme, serveFrom } from './protocol.ts';
import { keychainSecrets } from './secrets.ts';
import { confine, handPort, openEngineWindow, openMainWindow, type WindowOptions } from './windows.ts';

/*
 * Wiring only. Nothing here decides anything about data: files, tokens and uploads belong to the host
 * process, edits to the pages.
 *
 *   lock -> ready -> host process -> (host ready) -> engine window, main window
 *   all windows closed -> host told to stop -> host put everything down -> quit
 */

const built = import.meta.dirname;
const preload = join(built, '..', 'preload', 'index.cjs');
const icon = join(built, '..', '..', 'resources', 'icons', 'icon.png');

function dataFolder(): string {
  return process.env.TIDEMARK_DATA ?? join(app.getPath('userData'), 'data');
}

function run(): void {
  registerScheme();
  let main: BrowserWindow | null = null;
  let engine: BrowserWindow | null = null;
  let quitting = false;

  app.on('second-instance', () => {
    if (main?.isMinimized() === true) main.restore();
    main?.focus();
  });
  app.on('web-contents-created', (_event, contents) => confine(contents));

  void app.whenReady().then(() => {
    installMenu(process.platform);
    const host = new HostProcess({
      entry: join(built, 'host.js'),
      init: {
        kind: 'init',
        dataFolder: dataFolder(),
        rendererFolder: join(built, '..', 'renderer'),
        hubEntry: join(built, 'hub.js'),
      },
      secrets: keychainSecrets(),
    });
    serveFrom(host);
    powerMonitor.on('suspend', () => host.tellPower('suspend'));
    powerMonitor.on('resume', () => host.tellPower('resume'));

    const open = (make: (options: WindowOptions) => BrowserWindow): BrowserWindow => {
      const window = make({ preload, icon });
      window.webContents.on('did-finish-load', () => handPort(window, () => host.connectPage()));
      return window;
    };
    const openMain = (): void => {
      main = open(openMainWindow);
      main.on('closed', () => {
        main = null;
        if (process.platform !== 'darwin') app.quit();
      });
    };
    const onState = (state: HostState): void => {
      if (state.kind === 'failed' && state.fault.code !== 'host-gone') {
        dialog.showErrorBox('Tidemark cannot start', `${state.fault.message}\n\n${state.fault.detail ?? ''}`);
        app.quit();
        return;
      }
      if (state.kind !== 'ready') return;
      if (engine === null) {
        engine = open(openEngineWindow);
        openMain();
        return;
      }
      // The host was started again: every page gets a new line to it.
      for (const window of [main, engine]) {
        if (window !== null) handPort(window, () => host.connectPage());
      }
    };
    host.onState(onState);

    app.on('activate', () => {
      if (main === null && engine !== null) openMain();
    });
    app.on('window-all-closed', () => app.quit());
    app.on('before-quit', (event) => {
      if (quitting) return;
      event.preventDefault();
      quitting = true;
      void host.stop().finally(() => app.quit());
    });
  });
}

if (app.requestSingleInstanceLock()) run();
else app.quit();

import { BrowserWindow, shell, type MessagePortMain } from 'electron';
import { ORIGIN } from './protocol.ts';

/** The channel on which the preload script receives the page's port. */
export const HOST_PORT_CHANNEL = 'tidemark:host-port';

export interface WindowOptions {
  preload: string;
  icon: string;
}

/** What a person sees. */
export function openMainWindow({ preload, icon }: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 960,
    minHeight: 600,
    show: false,
    backgroundColor: '#0b1220',
    title: 'Tidemark',
    icon,
    webPreferences: safePreferences(preload),
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${ORIGIN}/index.html`);
  return window;
}

/** Runs the sync engine; outlives the visible windows and is never slowed down. */
export function openEngineWindow({ preload }: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    show: false,
    webPreferences: { ...safePreferences(preload), backgroundThrottling: false },
  });
  void window.loadURL(`${ORIGIN}/engine.html`);
  return window;
}

/** Gives a page its line to the host, now and after every reload. */
export function handPort(window: BrowserWindow, connect: () => MessagePortMain | null): void {
  const port = connect();
  if (port !== null) window.webContents.postMessage(HOST_PORT_CHANNEL, null, [port]);
}

function safePreferences(preload: string): Electron.WebPreferences {
  return {
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
    spellcheck: false,
  };
}

/** No page leaves the app, opens a window or gets a device. Web links open in the system's browser. */
export function confine(contents: Electron.WebContents): void {
  contents.on('will-navigate', (event, url) => {
    if (!url.startsWith(`${ORIGIN}/`)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (url.startsWith('https://')) void shell.openExternal(url);
    return { action: 'deny' };
  });
  contents.session.setPermissionRequestHandler((_contents, permission, answer) => {
    answer(permission === 'fullscreen' || permission === 'clipboard-sanitized-write');
  });
}

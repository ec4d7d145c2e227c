import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it, vi } from 'vitest';

/* The wiring alone, over a stand-in for Electron's own module: what is asked of it, and in which order. */

const fake = vi.hoisted(() => ({
  lock: true,
  app: null as unknown as EventEmitter & { quit: () => void; quits: number },
  windows: [] as FakeWindow[],
  children: [] as FakeChild[],
  handlers: new Map<string, (request: Request) => Promise<Response>>(),
  fetched: [] as { url: string; headers: Headers }[],
}));

interface FakeWindow {
  options: { webPreferences: Record<string, unknown>; show?: boolean };
  url: string;
  webContents: EventEmitter & { posted: unknown[] };
}
interface FakeChild extends EventEmitter {
  sent: { kind: string }[];
}

vi.mock('electron', async () => {
  const { EventEmitter: Emitter } = await import('node:events');
  class BrowserWindow extends Emitter {
    url = '';
    webContents = Object.assign(new Emitter(), {
      posted: [] as unknown[],
      postMessage(channel: string, _value: unknown, ports: unknown[]) {
        this.posted.push({ channel, ports: ports.length });
      },
    });
    options: unknown;
    constructor(options: unknown) {
      super();
      this.options = options;
      fake.windows.push(this as unknown as FakeWindow);
    }
    loadURL(url: string): Promise<void> {
      this.url = url;
      return Promise.resolve();
    }
    isMinimized = () => false;
    focus = () => {};
    show = () => {};
  }
  const app = Object.assign(new Emitter(), {
    quits: 0,
    quit() {
      this.quits++;
    },
    requestSingleInstanceLock: () => fake.lock,
    whenReady: () => Promise.resolve(),
    getPath: () => '/user-data',
  });
  fake.app = app;
  return {
    app,
    BrowserWindow,
    Menu: { setApplicationMenu: () => {}, buildFromTemplate: () => ({}) },
    MessageChannelMain: class {
      port1 = {};
      port2 = {};
    },
    dialog: { showErrorBox: () => {} },
    net: {
      fetch: (url: string, init: { headers: Headers }) => {
        fake.fetched.push({ url, headers: init.headers });
        return Promise.resolve(new Response('from the host'));
      },
    },
    powerMonitor: new Emitter(),
    protocol: {
      registerSchemesAsPrivileged: () => {},
      handle: (scheme: string, handler: (request: Request) => Promise<Response>) =>
        fake.handlers.set(scheme, handler),
    },
    safeStorage: {},
    shell: { openExternal: () => Promise.resolve() },
    utilityProcess: {
      fork: () => {
        const child = Object.assign(new Emitter(), { sent: [] as { kind: string }[] }) as FakeChild & {
          postMessage: (message: { kind: string }) => void;
        };
        child.postMessage = (message) => child.sent.push(message);
        fake.children.push(child);
        return child;
      },
    },
  };
});

async function launch(options: { lock?: boolean } = {}): Promise<void> {
  vi.resetModules();
  const { app } = await import('electron');
  app.removeAllListeners();
  fake.lock = options.lock ?? true;
  fake.windows.length = 0;
  fake.children.length = 0;
  fake.fetched.length = 0;
  fake.handlers.clear();
  await import('../../../electron/main/index.ts');
  await new Promise((done) => setTimeout(done, 0));
}

const ready = { kind: 'ready', address: 'http://127.0.0.1:1234', authorization: 'Bearer s' };
const ask = (path: string): Promise<Response> => {
  const handler = fake.handlers.get('tidemark');
  if (handler === undefined) throw new Error('the scheme is not served');
  return handler(new Request(`tidemark://app${path}`, { headers: { range: 'bytes=0-1' } }));
};

describe('the main process', () => {
  beforeEach(() => launch());

  it('ends at once, starting nothing, where another instance runs', async () => {
    const before = fake.app.quits;
    await launch({ lock: false });
    expect([fake.app.quits - before, fake.children.length, fake.windows.length]).toEqual([1, 0, 0]);
  });

  it('starts the host first, and opens the engine and the window when it is ready', () => {
    const [child] = fake.children;
    child?.emit('spawn');
    expect(child?.sent).toMatchObject([{ kind: 'init' }]);
    expect(fake.windows).toHaveLength(0);
    child?.emit('message', ready);
    expect(fake.windows.map(({ url }) => url)).toEqual([
      'tidemark://app/engine.html',
      'tidemark://app/index.html',
    ]);
  });

  it('gives no page Node, and each a sandbox, isolation and a port of its own', () => {
    const [child] = fake.children;
    child?.emit('message', ready);
    for (const { options, webContents } of fake.windows) {
      expect(options.webPreferences).toMatchObject({
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
      });
      webContents.emit('did-finish-load');
      expect(webContents.posted).toEqual([{ channel: 'tidemark:host-port', ports: 1 }]);
    }
    expect(child?.sent.filter(({ kind }) => kind === 'page')).toHaveLength(2);
    expect(fake.windows[0]?.options).toMatchObject({
      show: false,
      webPreferences: { backgroundThrottling: false },
    });
  });

  it('passes requests of pages on with the secret, range included, and none before the host is ready', async () => {
    expect((await ask('/index.html')).status).toBe(503);
    fake.children[0]?.emit('message', ready);
    expect((await ask('/media/k/play?x=1')).status).toBe(200);
    const [sent] = fake.fetched;
    expect(sent?.url).toBe('http://127.0.0.1:1234/media/k/play?x=1');
    expect([sent?.headers.get('authorization'), sent?.headers.get('range')]).toEqual([
      'Bearer s',
      'bytes=0-1',
    ]);
  });

  it('lets no page leave, open windows or get devices', () => {
    let prevented = 0;
    let verdict: unknown;
    const grants: boolean[] = [];
    const contents = Object.assign(new EventEmitter(), {
      setWindowOpenHandler: (handler: (details: { url: string }) => unknown) => {
        verdict = handler({ url: 'file:///etc/passwd' });
      },
      session: {
        setPermissionRequestHandler: (
          handler: (from: unknown, permission: string, answer: (granted: boolean) => void) => void,
        ) => {
          for (const wish of ['media', 'geolocation', 'usb'])
            handler(null, wish, (granted) => grants.push(granted));
        },
      },
    });
    fake.app.emit('web-contents-created', {}, contents);
    const event = { preventDefault: () => prevented++ };
    contents.emit('will-navigate', event, 'https://evil.example/');
    contents.emit('will-navigate', event, 'tidemark://app.evil.example/');
    contents.emit('will-navigate', event, 'tidemark://app/index.html');
    expect(prevented).toBe(2);
    expect(verdict).toEqual({ action: 'deny' });
    expect(grants).toEqual([false, false, false]);
  });
});

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { MakeId, Random } from '../base/random.ts';
import { Stops } from '../base/disposable.ts';
import { faultOf } from '../contract/errors.ts';
import { serveRpc, type RpcChannel } from '../contract/rpc.ts';
import { openAccounts, type Accounts } from './accounts/accounts.ts';
import { openSecrets, type SecretCipher } from './accounts/secrets.ts';
import type { CallServer } from './accounts/server-link.ts';
import { freeBytes } from './disk-space.ts';
import { dataFolderAt, makeDataFolder } from './data-folder.ts';
import { tellAccounts } from './accounts/tell-accounts.ts';
import { createHandlers, removeMedia } from './handlers.ts';

import { startHubProcess } from './hub-process.ts';
import { createHubSupervisor, type HubSupervisor } from './hub-supervisor.ts';
import { createCache } from './media/cache.ts';
import { createInspector } from './media/fetch-inspect.ts';
import { createFetchRates } from './media/fetch-rate.ts';
import { createFetches } from './media/fetches.ts';
import { createImports, type Imports } from './media/imports.ts';
import { openMediaLibrary, type MediaLibrary } from './media/library.ts';
import { createPreparer } from './media/preparer.ts';
import { fileOfRecord } from './media/record.ts';
import { createNews, type News } from './news.ts';
import { createRecorder } from './recorder.ts';
import type { AssetSource } from './server/asset-handler.ts';
import { createServerCalls } from './server-calls.ts';
import { openSettings, uploadRulesOf, type Settings } from './settings.ts';
import { createToolFinder } from './tool-finder.ts';
import { openUploader } from './uploads/uploader.ts';

export interface HostOptions {
  version: string;
  mode: 'electron' | 'browser';
  dataRoot: string;
  /** Folder of the built pages. */
  bundle: string;
  /** The hub's program; null where it is not to be run. */
  hubScript: string | null;
  env: NodeJS.ProcessEnv;
  cipher: SecretCipher;
  callServer: CallServer;
  clock: Clock;
  random: Random;
  makeId: MakeId;
  log: (line: string) => void;
  /** Bytes of an upload's part; tests take small ones. */
  partBytes?: number | undefined;
}

export interface RunningHost {
  settings: Settings;
  imports: Imports;
  assets: AssetSource;
  /** Serves one page. */
  attach: (channel: RpcChannel) => void;
  /** Starts what runs by itself: the hub where it is wanted, unfinished media and uploads. */
  begin(): void;
  /** The machine woke up, or the network came back: whoever waits tries at once. */
  wake(): void;
  stop(): Promise<void>;
}

/** Puts the host's services together. The data folder must be locked by the caller. */
export async function createHost(options: HostOptions): Promise<RunningHost> {
  const { clock, random, log } = options;
  const folder = dataFolderAt(options.dataRoot);
  await makeDataFolder(folder);
  const onError = (what: string, thrown: unknown): void => {
    const { code, message, detail } = faultOf(thrown);
    log(`${what}: ${code}: ${detail ?? message}`);
  };

  const news = createNews();
  const settings = await openSettings(folder.settings);
  const tools = createToolFinder(options.env);
  const serverCalls = createServerCalls({
    callServer: options.callServer,
    isOffline: () => settings.get().offlineByChoice,
  });
  const secrets = await openSecrets(folder.secrets, options.cipher);
  const accounts: Accounts = await openAccounts({
    path: folder.accounts,
    secrets,
    callServer: serverCalls.call,
    onChange: () => tellAccounts({ accounts, settings, news }),
  });
  const recorder = createRecorder(folder.recorder);
  const library = await openMediaLibrary({
    root: folder.media,
    onChange: (media) => news.tell('media.changed', media),
    onRemove: (mediaKey) => news.tell('media.removed', { mediaKey }),
  });
  const preparer = createPreparer({ root: folder.media, library, tools: tools.find, clock, onError });
  const imports = createImports({ root: folder.media, library, preparer, makeId: options.makeId, clock });
  const server = serverCalls.forAccounts(accounts);
  const uploader = await openUploader({
    folder: folder.uploads,
    mediaRoot: folder.media,
    library,
    server,
    clock,
    random,
    makeId: options.makeId,
    onChange: (upload) => news.tell('uploads.changed', upload),
    onError,
    rules: uploadRulesOf(settings),
    ...(options.partBytes === undefined ? {} : { partBytes: options.partBytes }),
  });
  const free = (): Promise<number> => freeBytes(folder.media);
  const rates = createFetchRates({ settings, server, clock });
  const cache = createCache({
    ...{ root: folder.media, library, free, now: () => clock.now() },
    limit: {
      get: () => settings.get().cacheLimit,
      set: (cacheLimit) => settings.change({ cacheLimit }),
    },
    isUploaded: (key) => uploader.isDone(key),
    isBusy: (key) => uploader.needs(key),
    remove: (key) => removeMedia({ fetches, preparer, uploader, library }, key),
    onEvicted: (names, bytes) => news.tell('cache.evicted', { names, bytes }),
  });
  const fetches = createFetches({
    ...{ root: folder.media, library, preparer, server, clock, random, free, room: cache, onError },
    onChange: (fetch) => news.tell('fetches.changed', fetch),
    onRate: (account, rate) => rates.note(account, rate),
  });
  const inspector = createInspector({
    ...{ root: folder.media, library, onError },
    fetchAgain: (key) => fetches.fetchAgain(key),
  });
  const beforePlaying = async (key: string): Promise<void> => {
    await inspector.inspect(key);
    // A full disk refuses the note of when it was played; the media is played all the same.
    await cache.used(key).catch(() => {});
  };
  const hub = createHub({
    options,
    settings,
    accounts,
    news,
    hubFolder: folder.hub,
    onError,
    wake: () => wake(),
  });
  const wake = (): void => {
    uploader.wake();
    fetches.wake();
  };
  const stops = new Stops();
  const methods = createHandlers({
    info: { version: options.version, mode: options.mode, dataFolder: folder.root },
    ...{
      settings,
      accounts,
      server,
      recorder,
      library,
      preparer,
      imports,
      fetches,
      rates,
      cache,
      uploader,
      hub,
      tools,
      news,
    },
  });

  return {
    settings,
    imports,
    assets: {
      bundle: options.bundle,
      mediaFile: async (key, kind) => {
        if (kind === 'play') await beforePlaying(key);
        const record = library.find(key);
        return record === undefined ? null : fileOfRecord(folder.media, record, kind);
      },
    },
    attach: (channel) => {
      stops.add(serveRpc(channel, { methods, events: news.subscribe, onInternal: onError }));
    },
    begin: () => {
      resumeMedia(library, preparer);
      fetches.start();
      inspector.inspectAll().catch((thrown: unknown) => onError('looking at fetched media', thrown));
      uploader.begin();
      if (settings.get().hubWanted) void hub.start();
    },
    wake,
    stop: async () => {
      stops.stop();
      await Promise.all([uploader.stop(), preparer.stop(), fetches.stop(), inspector.stop()]);
      await hub.stop();
      await recorder.close();
    },
  };
}

function resumeMedia(library: MediaLibrary, preparer: { enqueue(key: string): void }): void {
  for (const { media } of library.records()) {
    if (['queued', 'probing', 'preparing'].includes(media.stage.kind)) preparer.enqueue(media.key);
  }
}

interface HubParts {
  options: HostOptions;
  settings: Settings;
  accounts: Accounts;
  news: News;
  hubFolder: string;
  onError: (what: string, thrown: unknown) => void;
  /** The built-in server can be reached, with its account signed in. */
  wake: () => void;
}

function createHub({ options, settings, accounts, news, hubFolder, onError, wake }: HubParts): HubSupervisor {
  const { hubScript, env, clock, random } = options;
  const credentialsFile = join(hubFolder, 'credentials.json');
  const launch = (script: string, failures: number): ReturnType<typeof startHubProcess> => {
    // After a failed start the port may be taken by another program; any other serves as well.
    const port = failures > 1 ? 0 : (settings.get().hubPort ?? 0);
    const args = ['--port', String(port), '--data', hubFolder, '--sample', '--parent-watch'];
    return startHubProcess({
      execPath: process.execPath,
      script,
      args: [...args, '--credentials-file', credentialsFile],
      env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
    });
  };
  const onRunning = async (url: string): Promise<void> => {
    await settings.change({ hubPort: Number(new URL(url).port) });
    const account = await accounts.signInEmbedded(url, credentialsFile);
    await rm(credentialsFile, { force: true });
    if (settings.get().activeAccount === null) await settings.change({ activeAccount: account.id });
    tellAccounts({ accounts, settings, news });
    wake();
  };
  return createHubSupervisor({
    launch: hubScript === null ? null : (failures) => launch(hubScript, failures),
    clock,
    random,
    onState: (state) => {
      news.tell('hub.changed', state);
      if (state.kind === 'failed') onError('the hub', new Error(state.fault.detail ?? state.fault.message));
      if (state.kind === 'running')
        onRunning(state.url).catch((thrown: unknown) => onError('hub sign-in', thrown));
    },
  });
}

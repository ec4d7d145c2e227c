import { TidemarkError, type ErrorCode } from '../contract/errors.ts';
import type { AppInfo } from '../contract/host-rpc.ts';
import type { HostHandlers } from '../contract/rpc.ts';
import { digested } from './digested.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { HubSupervisor } from './hub-supervisor.ts';
import { tellAccounts } from './accounts/tell-accounts.ts';
import type { Cache } from './media/cache.ts';
import type { FetchRates } from './media/fetch-rate.ts';
import { isFetch, isWhole } from './media/fetch-record.ts';
import type { Fetches } from './media/fetches.ts';
import type { Imports } from './media/imports.ts';
import type { MediaLibrary } from './media/library.ts';
import type { Preparer } from './media/preparer.ts';
import type { News } from './news.ts';
import type { Recorder } from './recorder.ts';
import type { ServerAccess } from './server-calls.ts';
import { uploadRulesOf, type Settings } from './settings.ts';
import type { ToolFinder } from './tool-finder.ts';
import type { Uploader } from './uploads/uploader.ts';

export interface Services {
  info: Pick<AppInfo, 'version' | 'mode' | 'dataFolder'>;
  settings: Settings;
  accounts: Accounts;
  server: ServerAccess;
  recorder: Recorder;
  library: MediaLibrary;
  preparer: Preparer;
  imports: Imports;
  fetches: Fetches;
  rates: FetchRates;
  cache: Cache;
  uploader: Uploader;
  hub: HubSupervisor;
  tools: ToolFinder;
  news: News;
}

const done = {};

/** The RPC table over the services: one line a method, nothing decided here. */
export function createHandlers(services: Services): HostHandlers {
  return {
    ...appHandlers(services),
    ...accountHandlers(services),
    ...mediaHandlers(services),
    ...fetchHandlers(services),
  };
}

type AppMethods = 'app.info' | 'hub.start' | 'hub.stop' | 'network.setOffline';

function appHandlers({
  info,
  settings,
  accounts,
  uploader,
  fetches,
  hub,
  tools,
  news,
}: Services): Pick<HostHandlers, AppMethods> {
  return {
    'app.info': async () => ({
      ...info,
      ffmpeg: await tools.state(),
      hub: hub.state(),
      offlineByChoice: settings.get().offlineByChoice,
      accounts: accounts.list(),
      activeAccount: settings.get().activeAccount,
    }),
    'hub.start': async () => {
      await settings.change({ hubWanted: true });
      return hub.start();
    },
    'hub.stop': async () => {
      await settings.change({ hubWanted: false });
      return hub.stop();
    },
    'network.setOffline': async ({ offline }) => {
      await settings.change({ offlineByChoice: offline });
      news.tell('network.changed', { offlineByChoice: offline });
      for (const line of [uploader, fetches]) {
        if (offline) line.interrupt();
        else line.wake();
      }
      return done;
    },
  };
}

/** ms */
const extensionLimit = 60_000;

type AccountMethods =
  | `accounts.${'signIn' | 'signOut' | 'activate'}`
  | `server.${'call' | 'extension'}`
  | `recorder.${'append' | 'read' | 'release'}`;

function accountHandlers(services: Services): Pick<HostHandlers, AccountMethods> {
  const { settings, accounts, server, recorder, uploader, fetches } = services;
  return {
    'accounts.signIn': async ({ host, username, password }) => {
      const account = await accounts.signIn(host, username, password);
      uploader.wake();
      fetches.wake();
      return account;
    },
    'accounts.signOut': async ({ account }) => {
      await accounts.signOut(account);
      return done;
    },
    'accounts.activate': async ({ account }) => {
      if (accounts.find(account) === undefined) throw new TidemarkError('no-token', { detail: account });
      await settings.change({ activeAccount: account });
      tellAccounts(services);
      return done;
    },
    'server.call': async ({ account, operation, args, timeoutMs, idempotencyKey, known }) => {
      const call = (isKnown?: (bytes: Uint8Array) => boolean): Promise<unknown> =>
        server.call(account, operation, args, { timeoutMs, idempotencyKey, isKnown });
      return known === undefined ? { value: await call() } : digested(known, call);
    },
    'server.extension': async ({ account, path, query }) => ({
      value: await server.extension(account, path, query, AbortSignal.timeout(extensionLimit)),
    }),
    'recorder.append': ({ account, bodies }) => recorder.append(pathPart(account), bodies),
    'recorder.read': ({ account, after, limit }) => recorder.read(pathPart(account), after, limit),
    'recorder.release': async ({ account, through }) => {
      await recorder.release(pathPart(account), through);
      return done;
    },
  };
}

type FetchMethods = Extract<keyof HostHandlers, `${'fetches' | 'cache'}.${string}`>;
type MediaMethods = Exclude<keyof HostHandlers, AppMethods | AccountMethods | FetchMethods>;

function mediaHandlers(services: Services): Pick<HostHandlers, MediaMethods> {
  const { library, imports, uploader, settings, news } = services;
  return {
    'imports.begin': (params) => imports.begin(params),
    'imports.abandon': async ({ importId, reason }) => {
      await imports.abandon(importId, reason);
      return done;
    },
    'imports.addPath': (params) => imports.addPath(params),
    'media.list': ({ account }) => Promise.resolve(library.list(account)),
    'media.retry': async ({ mediaKey }) => {
      await retryMedia(services, mediaKey);
      return done;
    },
    'media.remove': async ({ mediaKey }) => {
      if (uploader.needs(mediaKey)) {
        throw new TidemarkError('bad-request', { message: 'The upload of this media still needs the file.' });
      }
      await removeMedia(services, mediaKey);
      return done;
    },
    'uploads.enqueue': async (params) => {
      await uploader.enqueue(params);
      return done;
    },
    'uploads.list': ({ account }) => Promise.resolve(uploader.list(account)),
    'uploads.pause': async ({ mediaKey }) => {
      await uploader.pause(mediaKey);
      return done;
    },
    'uploads.resume': async ({ mediaKey }) => {
      await uploader.resume(mediaKey);
      return done;
    },
    'uploads.move': async ({ mediaKey, place }) => {
      await uploader.move(mediaKey, place);
      return done;
    },
    'uploads.rules': () => Promise.resolve(uploadRulesOf(settings)),
    'uploads.setRules': async (rules) => {
      const { limit, annotationsOnly } = rules;
      await settings.change({ uploadLimit: limit, annotationsOnly });
      uploader.setRules(rules);
      news.tell('uploads.rulesChanged', rules);
      return done;
    },
  };
}

function fetchHandlers({ fetches, rates, cache }: Services): Pick<HostHandlers, FetchMethods> {
  return {
    'fetches.begin': async (params) => {
      await fetches.begin(params);
      return done;
    },
    'fetches.list': ({ account }) => Promise.resolve(fetches.list(account)),
    'fetches.pause': async ({ mediaKeys }) => {
      await fetches.pause(mediaKeys);
      return done;
    },
    'fetches.resume': async ({ mediaKeys }) => {
      await fetches.resume(mediaKeys);
      return done;
    },
    'fetches.pin': async ({ mediaKeys, pinned }) => {
      await fetches.pin(mediaKeys, pinned);
      return done;
    },
    'fetches.rate': async ({ account, mediaId }) => ({ rate: await rates.rate(account, mediaId) }),
    'cache.state': () => cache.state(),
    'cache.forecast': ({ limit }) => cache.forecast(limit),
    'cache.setLimit': ({ limit }) => cache.setLimit(limit),
    'cache.evictTo': ({ limit }) => cache.evictTo(limit),
    'cache.evict': ({ mediaKeys }) => cache.evict(mediaKeys),
    'cache.protect': (params) => {
      cache.protect(params);
      return Promise.resolve(done);
    },
  };
}

/** Takes a media off the device, with whatever works on it. What a server has of it is not touched. */
export async function removeMedia(
  { fetches, preparer, uploader, library }: Pick<Services, 'fetches' | 'preparer' | 'uploader' | 'library'>,
  key: string,
): Promise<void> {
  await fetches.drop(key);
  await preparer.drop(key);
  await uploader.forget(key);
  await library.remove(key);
}

/** What remains to be done follows from what is there: bytes to fetch, or a file to prepare. */
async function retryMedia({ library, fetches, preparer }: Services, key: string): Promise<void> {
  const record = library.get(key);
  const { stage } = record.media;
  if (stage.kind !== 'failed') return;
  if (isFetch(record) && !isWhole(record)) await fetches.resume([key]);
  // What is whole and yet no media came damaged: another copy of it may be sound.
  else if (isFetch(record) && damaged.has(stage.fault.code)) await fetches.fetchAgain(key);
  else if (record.synced >= record.media.size && record.media.size > 0) preparer.enqueue(key);
  else {
    throw new TidemarkError('bad-request', { message: 'Add the file again: it goes on where it stopped.' });
  }
}

const damaged: ReadonlySet<ErrorCode> = new Set([
  'file-damaged',
  'file-empty',
  'file-gone',
  'file-not-media',
]);

/** Account ids become folder names; whatever is not one never reaches the disk. */
function pathPart(account: string): string {
  if (!/^[a-z0-9-]{1,64}$/.test(account)) throw new TidemarkError('bad-request', { detail: 'account' });
  return account;
}

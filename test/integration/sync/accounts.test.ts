import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dexie } from 'dexie';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Stop } from '../../../src/base/disposable.ts';
import type { Account, Host } from '../../../src/contract/host-rpc.ts';
import type { EntityRef } from '../../../src/domain/identity.ts';
import { runEnginePage } from '../../../src/engine/main.ts';
import { outlineLogOf, recorderOf } from '../../../src/engine/recorder.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { databaseName } from '../../../src/store/schema.ts';
import type { AnnotationStore } from '../../../src/store/types.ts';
import { type BrowserApp, connectToApp, startBrowserApp } from '../../support/host.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type TestHub } from '../../support/hub.ts';
import { now } from './support.ts';

/*
 * One device with the real background process, two real hubs, and three sign-ins: two users of one hub,
 * and the same user name on both.
 */

const idb = new IDBFactory();
Dexie.dependencies.indexedDB = idb;
Dexie.dependencies.IDBKeyRange = IDBKeyRange;

const patience = { timeout: 40_000, interval: 100 };

interface Place {
  hub: TestHub;
  ids: SampleIds;
  media: string;
  username: string;
  userId: number;
}

interface Desk extends Place {
  account: Account;
  store: AnnotationStore;
}

let folder: string;
let app: BrowserApp;
let host: Host & { close(): void };
let stopEngine: Stop;
let hubs: TestHub[];
let ana: Desk;
let boss: Desk;
/** The same user name on the other hub. */
let anaAshore: Desk;

async function passwordOf(hub: TestHub, username: string): Promise<string> {
  return (await readFile(join(hub.data, `${username}-password.txt`), 'utf8')).trim();
}

async function signIn({ hub, username }: Pick<Place, 'hub' | 'username'>): Promise<Account> {
  const password = await passwordOf(hub, username);
  return host.call('accounts.signIn', { host: hub.url, username, password });
}

async function deskAt(place: Omit<Place, 'userId'>): Promise<Desk> {
  const account = await signIn(place);
  const { id } = account;
  const clock = systemClock();
  const { store } = await openStore({
    accountId: id,
    recorder: recorderOf(host, id),
    outlineLog: outlineLogOf(host, id),
    clock,
    makeId: () => crypto.randomUUID(),
  });
  return { ...place, account, store, userId: account.userId };
}

async function draw({ store, ids, media }: Desk): Promise<EntityRef> {
  const ref = { kind: 'localization', version: ids.baseline, elementalId: crypto.randomUUID() } as const;
  const fields = { frame: 3, geometry: { kind: 'box', x: 0.1, y: 0.2, width: 0.3, height: 0.4 } };
  const change = { kind: 'create', ref, type: ids.box, media, fields } as const;
  await store.apply({ projectId: ids.project, media, label: 'history.draw', changes: [change] });
  return ref;
}

/** Who made the marks of the element on a hub. */
async function authorsOn({ hub, ids }: Pick<Place, 'hub' | 'ids'>, ref: EntityRef): Promise<number[]> {
  const path = `/rest/Localizations/${ids.project}?show_all_marks=1&show_deleted=1&merge=0`;
  const rows = (await hub.client()('PUT', path, { elemental_ids: [ref.elementalId] })).body;
  return (rows as unknown as { created_by: number }[]).map(({ created_by: by }) => by);
}

const use = (desk: Desk) => host.call('accounts.activate', { account: desk.account.id });
const unsynced = async ({ store }: Desk) => (await now(store.counts())).unsynced;
const settled = (desk: Desk) => expect.poll(() => unsynced(desk), patience).toBe(0);
const connection = async ({ store }: Desk) => (await now(store.status())).connection.kind;
const knowsItsMedia = (desk: Desk) =>
  expect
    .poll(async () => (await now(desk.store.mediaItem(desk.media)))?.serverId ?? 0, patience)
    .toBeGreaterThan(0);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-accounts-'));
  hubs = [await startTestHub(), await startTestHub()];
  app = await startBrowserApp({ dataDir: folder, withHub: false });
  host = await connectToApp(app);
  const places = await Promise.all(
    hubs.map(async (hub) => {
      const ids = await sampleIds(hub.client());
      const media = crypto.randomUUID();
      const body = { type: ids.video, name: 'dive.mp4', md5: '0'.repeat(32), gid: 'g', uid: 'u' };
      const answer = await hub.client()('POST', `/rest/Medias/${ids.project}`, {
        ...{ ...body, elemental_id: media, attributes: {} },
        ...{ num_frames: 60, fps: 30, width: 640, height: 360, codec: 'h264' },
      });
      expect(answer.status).toBeLessThan(300);
      return { hub, ids, media };
    }),
  );
  ana = await deskAt({ ...places[0]!, username: 'annotator' });
  boss = await deskAt({ ...places[0]!, username: 'admin' });
  anaAshore = await deskAt({ ...places[1]!, username: 'annotator' });
  const locks = { request: (_name: string, _options: unknown, work: () => Promise<void>) => work() };
  stopEngine = runEnginePage({ host, locks: locks as unknown as LockManager });
}, 180_000);

afterAll(async () => {
  stopEngine();
  for (const { store } of [ana, boss, anaAshore]) store.close();
  host.close();
  await app.stop();
  await Promise.all(hubs.map((hub) => hub.stop()));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe('several users and servers on one device', () => {
  it('have a database, a queue and a flight recorder each', async () => {
    for (const desk of [ana, boss, anaAshore]) {
      await use(desk);
      await knowsItsMedia(desk);
    }
    await host.call('network.setOffline', { offline: true });
    const ids = [ana, boss, anaAshore].map(({ account }) => account.id);
    expect(new Set(ids).size).toBe(3);
    await draw(ana);
    await draw(ana);
    await draw(boss);
    expect(await Promise.all([ana, boss, anaAshore].map(unsynced))).toEqual([2, 1, 0]);
    const shown = await Promise.all(
      [ana, boss, anaAshore].map(async (desk) => (await now(desk.store.annotations(desk.media, []))).length),
    );
    expect(shown).toEqual([2, 1, 0]);
    expect((await idb.databases()).map(({ name }) => name)).toEqual(
      expect.arrayContaining(ids.map((id) => databaseName(id))),
    );
    const logs = await readdir(join(folder, 'recorder'));
    for (const id of [ana, boss].map(({ account }) => account.id))
      expect(logs.filter((log) => log.startsWith(id)).length).toBeGreaterThan(0);
    const other = await host.call('recorder.read', { account: anaAshore.account.id, after: 0, limit: 100 });
    expect(other.entries.filter(({ body }) => body.includes('"edit"'))).toEqual([]);
  }, 120_000);

  it('send only the work of the account in use, to its own server and in its own name', async () => {
    const [ofAna, ofBoss, ashore] = [await draw(ana), await draw(boss), await draw(anaAshore)];
    await use(ana);
    await host.call('network.setOffline', { offline: false });
    await settled(ana);
    expect(await authorsOn(ana, ofAna)).toEqual([ana.userId]);
    expect(await authorsOn(boss, ofBoss)).toEqual([]);
    expect([await unsynced(boss), await unsynced(anaAshore)]).toEqual([2, 1]);
    await use(anaAshore);
    await settled(anaAshore);
    expect(await authorsOn(anaAshore, ashore)).toEqual([anaAshore.userId]);
    expect(await authorsOn(ana, ashore)).toEqual([]);
    await use(boss);
    await settled(boss);
    expect(await authorsOn(boss, ofBoss)).toEqual([boss.userId]);
    expect(await authorsOn(anaAshore, ofAna)).toEqual([]);
  }, 120_000);

  it('keep what was not sent over a sign-out, and send it once after the next sign-in', async () => {
    await use(ana);
    await host.call('accounts.signOut', { account: ana.account.id });
    const ref = await draw(ana);
    await expect.poll(() => connection(ana), patience).toBe('sign-in-needed');
    expect(await unsynced(ana)).toBe(1);
    expect(await authorsOn(ana, ref)).toEqual([]);
    const { accounts } = await host.call('app.info', {});
    expect(accounts.map(({ id, signIn: state }) => [id, state])).toContainEqual([ana.account.id, 'needed']);
    expect(accounts.filter(({ signIn: state }) => state === 'signed-in')).toHaveLength(2);
    expect((await signIn(ana)).id).toBe(ana.account.id);
    await settled(ana);
    expect(await authorsOn(ana, ref)).toEqual([ana.userId]);
  }, 120_000);

  it('are the same account however the name was written at the sign-in', async () => {
    const password = await passwordOf(ana.hub, 'annotator');
    const again = { host: `${ana.hub.url}/`, username: ' annotator '.trim(), password };
    expect((await host.call('accounts.signIn', again)).id).toBe(ana.account.id);
  });
});

describe('a token that the server does not take any more', () => {
  it('pauses the exchange with a word to the user, keeps everything, and goes on after the sign-in', async () => {
    await use(ana);
    await settled(ana);
    const { username } = ana;
    const body = { username, password: await passwordOf(ana.hub, username), refresh: true };
    // The same user signs in elsewhere and has all other tokens ended.
    const elsewhere = await fetch(`${ana.hub.url}/rest/Token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(elsewhere.status).toBe(201);
    const refs = [await draw(ana), await draw(ana), await draw(ana)];
    await expect.poll(() => connection(ana), patience).toBe('sign-in-needed');
    expect(await now(ana.store.counts())).toMatchObject({ unsynced: 3, inDoubt: 0, parked: 0 });
    const { accounts } = await host.call('app.info', {});
    expect(accounts.find(({ id }) => id === ana.account.id)?.signIn).toBe('needed');
    // What is done while it is paused is kept as well.
    refs.push(await draw(ana));
    await signIn(ana);
    await settled(ana);
    expect(await connection(ana)).toBe('online');
    for (const ref of refs) expect(await authorsOn(ana, ref)).toEqual([ana.userId]);
  }, 120_000);
});

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stop } from '../../../src/base/disposable.ts';
import { startExternalPostgres, type ExternalPostgres } from '../../support/external-postgres.ts';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type Created, type HubClient, type TestHub } from '../../support/hub.ts';
import { makeWorkplace, now, type Workplace } from './support.ts';

/*
 * A device that follows the feed of a real hub. What it shows within `soon` it has from there: its whole lists of
 * medias and its audits come once a minute.
 */

let database: ExternalPostgres;
let hub: TestHub;
let rest: HubClient;
let ids: SampleIds;
let desk: Workplace;
let stopEngine: Stop;
let media: number;
let mediaKey: string;

const soon = { timeout: 15_000, interval: 100 };

interface Told {
  id: number;
  elemental_id: string;
}

async function sql(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

async function draw(count: number): Promise<Told[]> {
  const specs = Array.from({ length: count }, (_, frame) => boxSpec(ids, media, { frame }));
  const made = (await rest<Created>('POST', `/rest/Localizations/${ids.project}`, specs)).body.id;
  const rows = (await rest<Told[]>('GET', `/rest/Localizations/${ids.project}?media_id=${media}`)).body;
  return rows.filter(({ id }) => made.includes(id));
}

const frames = async (elements: readonly Told[]) => {
  const shown = await now(desk.store.annotations(mediaKey, []));
  return elements.map(
    ({ elemental_id: id }) => shown.find(({ ref }) => ref.elementalId === id)?.fields.frame ?? null,
  );
};

const shows = (elements: readonly Told[], expected: (number | null)[]) =>
  expect.poll(() => frames(elements), soon).toEqual(expected);

/** The operations of a while in which nothing happens. */
async function whileQuiet(ms: number): Promise<string[]> {
  const from = desk.host.called.length;
  await new Promise((resolve) => setTimeout(resolve, ms));
  return desk.host.called.slice(from);
}

beforeAll(async () => {
  database = await startExternalPostgres();
  hub = await startTestHub({ sample: true, env: { DATABASE_URL: database.url } });
  rest = hub.client();
  ids = await sampleIds(rest);
  media = await makeVideo(rest, ids);
  const known = await rest<Told>('GET', `/rest/Media/${media}`);
  mediaKey = known.body.elemental_id;
  desk = await makeWorkplace(() => hub.url, hub.token);
  stopEngine = await desk.startEngine();
});

afterAll(async () => {
  stopEngine();
  desk.store.close();
  await hub.stop();
  await database.stop();
});

describe('a device on a hub’s feed', () => {
  it('asks for the changes of each project and nothing else where there are none', async () => {
    // The first round has read everything, and audited it once.
    await expect.poll(() => desk.host.called, soon).toContain('get_state_list');
    await expect.poll(async () => (await now(desk.store.status())).lastSyncedAt, soon).not.toBeNull();
    const called = new Set(await whileQuiet(6000));
    expect(called).toEqual(new Set([`/Changes/${ids.project}`]));
  });

  it('shows what others make, what they change without moving a clock, and what they delete', async () => {
    const made = await draw(3);
    await shows(made, [0, 1, 2]);
    const [one, other] = made;
    await rest('PATCH', `/rest/Localization/${one?.id}`, { frame: 40, in_place: 1 });
    await sql(`UPDATE localizations SET frame = 41 WHERE id = ${other?.id}`);
    await shows(made, [40, 41, 2]);
    await rest('DELETE', `/rest/Localization/${one?.id}`);
    await shows(made, [null, 41, 2]);
  });

  it('shows what is under a mark that was pruned, and nothing of what was pruned whole', async () => {
    const made = await draw(3);
    await shows(made, [0, 1, 2]);
    const [one, other] = made;
    const path = `/rest/Localization/${ids.baseline}`;
    const patched = await rest<{ object: Told }>('PATCH', `${path}/${one?.elemental_id}`, { frame: 50 });
    await shows(made, [50, 1, 2]);
    await rest('DELETE', `/rest/Localization/${patched.body.object.id}`, { prune: 1 });
    await rest('DELETE', `${path}/${other?.elemental_id}`, { prune: 1 });
    await shows(made, [0, null, 2]);
  });

  it('shows another name of a media, and a new one, without waiting for the whole list', async () => {
    const listed = async () => {
      const medias = await now(desk.store.mediaList(ids.project));
      return medias.map(({ name }) => name);
    };
    await rest('PATCH', `/rest/Media/${media}`, { name: 'renamed.mp4' });
    await expect.poll(listed, soon).toContain('renamed.mp4');
    await makeVideo(rest, ids, 'new.mp4');
    await expect.poll(listed, soon).toContain('new.mp4');
  });

  it('reads everything again where the hub was restored, or changed more than it names', async () => {
    const made = await draw(2);
    await shows(made, [0, 1]);
    // What a restore brings, nobody has told of.
    const untold = (frame: number) => [
      'ALTER TABLE localizations DISABLE TRIGGER USER',
      `UPDATE localizations SET frame = ${frame} WHERE id = ${made[0]?.id}`,
      'ALTER TABLE localizations ENABLE TRIGGER USER',
    ];
    await sql(...untold(60), 'UPDATE feed_epoch SET epoch = gen_random_uuid()');
    await shows(made, [60, 1]);
    await sql(
      ...untold(61),
      `INSERT INTO feed_entries (project, changed, kind, removed, ids, elements)
       SELECT ${ids.project}, pg_current_xact_id(), 'localization', false, array_agg(i), array_agg(gen_random_uuid())
       FROM generate_series(1, 30000) AS i`,
    );
    await shows(made, [61, 1]);
  });
});

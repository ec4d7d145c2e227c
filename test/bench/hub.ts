import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startExternalPostgres } from '../support/external-postgres.ts';
import { boxSpec } from '../support/hub-sample.ts';
import { startTestHub, type Created, type HubClient, type TestHub } from '../support/hub.ts';
import { makeSeason, type Season } from './hub-data.ts';
import { loadInTurn, type Comparison, type Load } from './measure.ts';

const batch = 500;
const listed = 5000;
const rounds = 8;
const manyClients = 10;

interface Bench {
  hub: TestHub;
  season: Season;
  /** Connections to the database itself, for what a script would do without a hub. */
  pool: pg.Pool;
}

/**
 * A hub that holds a season's localizations, asked by 1 and by 10 clients; beside it the same done by a
 * script that talks to the database itself, and the way that a client takes without the operation.
 */
export async function compareHub({ rows = 100_000 }: { rows?: number }): Promise<Comparison[]> {
  const postgres = await startExternalPostgres();
  const data = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
  const hub = await startTestHub({ data, env: { DATABASE_URL: postgres.url } });
  const pool = new pg.Pool({ connectionString: postgres.url, max: manyClients });
  try {
    const season = await seed(hub, postgres.url, rows);
    const bench = { hub, season, pool };
    const before = await memoryOf(hub.pid);
    const comparisons: Comparison[] = [];
    for (const [job, ways] of Object.entries(jobs(bench)))
      comparisons.push({
        job: `Hub with ${rows} localizations: ${job}`,
        ways: await loadInTurn(ways, rounds),
      });
    console.log(`Hub with ${rows} localizations: memory ${before}, then ${await memoryOf(hub.pid)}\n`);
    return comparisons;
  } finally {
    await pool.end();
    await hub.stop();
    await postgres.stop();
    await rm(data, { recursive: true, force: true });
  }
}

async function seed(hub: TestHub, url: string, rows: number): Promise<Season> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await makeSeason(hub.client(), client, rows);
  } finally {
    await client.end();
  }
}

/** Each job by one client first, which is what the ratios are of. */
function jobs({ hub, season, pool }: Bench): Record<string, Record<string, Load>> {
  const call = hub.client();
  const { ids, media, species, framesOfMedia } = season;
  const path = `/rest/Localizations/${ids.project}`;
  const turn = counter();
  const anyMedia = (): number => media[turn() % media.length] ?? 0;
  const specs = (): object[] =>
    Array.from({ length: batch }, (_, i) =>
      boxSpec(ids, anyMedia(), { frame: i, elemental_id: randomUUID() }),
    );
  const frame = (): string => `media_id=${anyMedia()}&frame=${turn() % framesOfMedia}`;
  const filter = (): string => `attribute=Species::${species[turn() % species.length] ?? ''}`;
  const list = (query: string): Promise<number> => lengthOf(hub, `${path}?${query}`);
  return {
    [`create ${batch}`]: {
      ...byClients('one POST', () => create(call, path, specs())),
      [`${batch} POSTs of one`]: {
        clients: 1,
        run: async () => {
          for (const spec of specs()) await create(call, path, [spec]);
        },
      },
      'SQL alone: one INSERT': { clients: 1, run: () => insertRows(pool, specs(), ids.project) },
    },
    [`list ${listed}`]: {
      ...byClients('hub', () => list(`stop=${listed}`)),
      'SQL alone, made JSON': {
        clients: 1,
        run: () => selectRows(pool, `WHERE project = ${ids.project} ORDER BY id LIMIT ${listed}`),
      },
    },
    'the localizations of one frame': {
      ...byClients('hub', () => list(frame())),
      'SQL alone, made JSON': {
        clients: 1,
        run: () => selectRows(pool, `WHERE media = ${anyMedia()} AND frame = ${turn() % framesOfMedia}`),
      },
    },
    'count those of one species': {
      ...byClients('hub', () => count(call, `/rest/LocalizationCount/${ids.project}?${filter()}`)),
      'list them and count': { clients: 1, run: () => list(filter()) },
    },
  };
}

function byClients(name: string, run: () => Promise<unknown>): Record<string, Load> {
  return {
    [`${name}, 1 client (ours)`]: { clients: 1, run },
    [`${name}, ${manyClients} clients`]: { clients: manyClients, run },
  };
}

function counter(): () => number {
  let next = 0;
  return () => (next += 7);
}

async function create(call: HubClient, path: string, specs: readonly object[]): Promise<void> {
  const { status, body } = await call<Created>('POST', path, specs);
  if (status !== 201 || body.id.length !== specs.length) throw new Error(`the hub refused: ${body.message}`);
}

async function count(call: HubClient, path: string): Promise<void> {
  const { status, body } = await call<number>('GET', path);
  if (status !== 200 || !(body > 0)) throw new Error('nothing was counted');
}

/** Bytes of a list's answer, which is read to its end but not parsed: the client is not what is measured. */
async function lengthOf({ url, token }: TestHub, path: string): Promise<number> {
  const reply = await fetch(url + path, { headers: { authorization: `Token ${token}` } });
  const { byteLength } = await reply.arrayBuffer();
  if (reply.status !== 200 || byteLength < 100) throw new Error(`the list was not answered: ${reply.status}`);
  return byteLength;
}

/** The rows as one text, as a script would write them to a file. */
async function selectRows(pool: pg.Pool, where: string): Promise<string> {
  const { rows } = await pool.query<Record<string, unknown>>(`SELECT * FROM localizations ${where}`);
  if (rows.length === 0) throw new Error('nothing was read');
  return JSON.stringify(rows);
}

async function insertRows(pool: pg.Pool, specs: readonly object[], project: number): Promise<void> {
  await pool.query(
    `INSERT INTO localizations (project, type, version, elemental_id, mark, latest_mark, media, frame,
       x, y, width, height, attributes, created_by, created_datetime, modified_by, modified_datetime)
     SELECT $2, type, version, elemental_id, 0, 0, media_id, frame, x, y, width, height, attributes,
       1, now(), 1, now()
     FROM jsonb_to_recordset($1::jsonb) AS spec (type int, version int, elemental_id uuid, media_id int,
       frame int, x float, y float, width float, height float, attributes jsonb)`,
    [JSON.stringify(specs), project],
  );
}

/** Resident and highest memory of a process; unknown where the system does not tell. */
async function memoryOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const of = (name: string): string => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1];
    return kilobytes === undefined ? 'unknown' : `${Math.round(Number(kilobytes) / 1024)} MB`;
  };
  return `${of('VmRSS')} (highest ${of('VmHWM')})`;
}

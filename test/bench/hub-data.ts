import type pg from 'pg';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../support/hub-sample.ts';
import type { Created, HubClient } from '../support/hub.ts';

const mediaCount = 100;
const framesOfMedia = 500;

/** A project as it is after a season: many localizations, even over its media and their frames. */
export interface Season {
  ids: SampleIds;
  media: readonly number[];
  /** Attributes of each row. */
  species: readonly string[];
  framesOfMedia: number;
}

/**
 * Makes `rows` localizations. The first is made by the hub; the rest are copies of its row that differ
 * in element, media, frame, place and species, made within the database.
 */
export async function makeSeason(call: HubClient, sqlClient: pg.Client, rows: number): Promise<Season> {
  const ids = await sampleIds(call);
  const media: number[] = [];
  for (let i = 0; i < mediaCount; i += 1) media.push(await makeVideo(call, ids, `dive-${i}.mp4`));
  const species = Array.from({ length: 50 }, (_, i) => `Species ${i}`);
  const attributes = { Species: species[0], Certainty: 'Probable', Count: 1, Comment: 'In its house.' };
  const spec = boxSpec(ids, media[0] ?? 0, { attributes });
  const made = await call<Created>('POST', `/rest/Localizations/${ids.project}`, spec);
  if (made.status !== 201) throw new Error('the first localization was refused');
  const kept = 'project, type, version, created_by, created_datetime, modified_by, modified_datetime';
  const changed = 'elemental_id, mark, latest_mark, media, frame, x, y, width, height, attributes';
  await sqlClient.query(
    `INSERT INTO localizations (${kept}, ${changed})
     SELECT ${kept}, gen_random_uuid(), mark, latest_mark,
       ($2::int[])[1 + n % cardinality($2::int[])],
       (n / cardinality($2::int[])) % $3::int,
       (n % 97) / 200.0, (n % 89) / 200.0, width, height,
       attributes || jsonb_build_object('Species', ($4::text[])[1 + n % cardinality($4::text[])])
     FROM localizations, generate_series(1, $5::int - 1) AS n WHERE id = $1`,
    [made.body.id[0], media, framesOfMedia, species, rows],
  );
  await sqlClient.query('VACUUM ANALYZE localizations');
  return { ids, media, species, framesOfMedia };
}

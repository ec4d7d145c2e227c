import type { HubClient, Row } from './hub.ts';

/** Ids of what the sample project holds, for tests. */
export interface SampleIds {
  project: number;
  baseline: number;
  review: number;
  video: number;
  image: number;
  box: number;
  dot: number;
  poly: number;
  track: number;
  activity: number;
  section: number;
}

interface Named {
  id: number;
  name: string;
}

export async function sampleIds(call: HubClient): Promise<SampleIds> {
  const list = async (path: string): Promise<Named[]> => (await call<Named[]>('GET', path)).body;
  const project = (await list('/rest/Projects'))[0]?.id ?? 0;
  const pick = (rows: Named[], name: string): number => {
    const row = rows.find((candidate) => candidate.name === name);
    if (!row) throw new Error(`the sample has no ${name}`);
    return row.id;
  };
  const versions = await list(`/rest/Versions/${project}`);
  const media = await list(`/rest/MediaTypes/${project}`);
  const shapes = await list(`/rest/LocalizationTypes/${project}`);
  const states = await list(`/rest/StateTypes/${project}`);
  return {
    project,
    baseline: pick(versions, 'Baseline'),
    review: pick(versions, 'Review'),
    video: pick(media, 'Dive video'),
    image: pick(media, 'Still image'),
    box: pick(shapes, 'Animal box'),
    dot: pick(shapes, 'Animal dot'),
    poly: pick(shapes, 'Habitat outline'),
    track: pick(states, 'Track'),
    activity: pick(states, 'Activity'),
    section: pick(await list(`/rest/Sections/${project}`), 'Sample dives'),
  };
}

export async function makeVideo(call: HubClient, ids: SampleIds, name = 'dive.mp4'): Promise<number> {
  const reply = await call('POST', `/rest/Medias/${ids.project}`, {
    type: ids.video,
    name,
    md5: '0'.repeat(32),
    section_id: ids.section,
  });
  if (reply.status !== 201) throw new Error(`the media was not made: ${reply.body.message}`);
  return reply.body.id;
}

export function boxSpec(
  ids: SampleIds,
  media: number,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const place = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
  return {
    media_id: media,
    type: ids.box,
    version: ids.baseline,
    frame: 0,
    ...place,
    attributes: {},
    ...more,
  };
}

/** All marks of an element, oldest first, tombstones included. */
export async function chainOf(
  call: HubClient,
  ids: SampleIds,
  elementalId: string,
  kind: 'Localizations' | 'States' = 'Localizations',
): Promise<Row[]> {
  const query = 'show_all_marks=1&show_deleted=1&merge=0';
  const path = `/rest/${kind}/${ids.project}?${query}`;
  return (await call<Row[]>('PUT', path, { elemental_ids: [elementalId] })).body;
}

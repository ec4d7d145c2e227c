import { must } from '../../src/base/assert.ts';
import type { Created, HubClient, TestHub } from '../support/hub.ts';
import { ids } from './side.ts';

/** A project of its own on the hub, for one script: ids of the scripts to ids of the hub, and back. */
export interface HubProject {
  id: number;
  /** The first and the second version. */
  versions: number[];
  sections: number[];
  /** By the ids that scripts use. */
  types: Map<number, number>;
  users: Map<number, number>;
}

/** The people of all scripts on one hub. */
export interface Crew {
  organization: number;
  annotator: number;
  others: number;
}

export async function crewOf(hub: TestHub): Promise<Crew> {
  const idOf = async (token: string): Promise<number> =>
    (await hub.client(token)('GET', '/rest/User/GetCurrent')).body.id;
  const organizations = await hub.client()<{ id: number }[]>('GET', '/rest/Organizations');
  return {
    organization: must(organizations.body[0]).id,
    annotator: await idOf(hub.annotatorToken),
    others: await idOf(hub.adminToken),
  };
}

/** Attributes as the simulated Tator knows them: texts, and one that refuses every text. */
const attribute_types = [
  ...['A', 'B', 'Old'].map((name) => ({ name, dtype: 'string', required: false })),
  { name: 'Poison', dtype: 'int', required: false },
];

export async function makeProject(call: HubClient, crew: Crew, name: string): Promise<HubProject> {
  const make = async (path: string, body: object): Promise<number> => {
    const reply = await call<Created & { id: number | number[] }>('POST', `/rest/${path}`, body);
    if (reply.status !== 201)
      throw new Error(`the hub made no ${path}: ${reply.status} ${reply.body.message}`);
    return must([reply.body.id].flat()[0]);
  };
  const { organization, annotator, others } = crew;
  const id = await make('Projects', { name, organization });
  await make(`Memberships/${id}`, { user: annotator, permission: 'Can Transfer' });
  const versions = await call<{ id: number }[]>('GET', `/rest/Versions/${id}`);
  const review = await make(`Versions/${id}`, { name: 'Review', description: '' });
  const video = await make(`MediaTypes/${id}`, { name: 'Video', dtype: 'video', attribute_types });
  const drawn = { media_types: [video], attribute_types };
  const box = await make(`LocalizationTypes/${id}`, { name: 'Box', dtype: 'box', ...drawn });
  const track = await make(`StateTypes/${id}`, { name: 'Track', association: 'Localization', ...drawn });
  const activity = await make(`StateTypes/${id}`, { name: 'Activity', association: 'Frame', ...drawn });
  const first = await make(`Sections/${id}`, { name: 'First', path: 'First' });
  const second = await make(`Sections/${id}`, { name: 'Second', path: 'Second' });
  return {
    id,
    versions: [must(versions.body[0]).id, review],
    sections: [first, second],
    types: new Map([
      [ids.mediaType, video],
      [ids.localizationType, box],
      [ids.stateTypes[0], track],
      [ids.stateTypes[1], activity],
    ]),
    users: new Map([
      [ids.annotator, annotator],
      [ids.others, others],
    ]),
  };
}

/** An id of the scripts as the hub has it, or the other way round; what neither knows stays as it is. */
export function toHub(map: ReadonlyMap<number, number>, id: number): number {
  return map.get(id) ?? id;
}

export function fromHub(map: ReadonlyMap<number, number>, id: number): number {
  for (const [own, hub] of map) if (hub === id) return own;
  return -id;
}

/** Numbers from 1 on. */
export function numbered(hubIds: readonly number[]): Map<number, number> {
  return new Map(hubIds.map((id, i) => [i + 1, id]));
}

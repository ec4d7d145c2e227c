import { randomUUID } from 'node:crypto';
import { operations } from '../../src/contract/table.ts';
import { pathParamNames, type Operation } from '../../src/contract/operation.ts';
import type { HubClient, Reply, Row } from './hub.ts';
import { boxSpec, sampleIds, type SampleIds } from './hub-sample.ts';

/** A call as it goes over the wire. */
export interface HubRequest {
  method: string;
  path: string;
  body: unknown;
}

type Name = keyof typeof operations;
type Body = Record<string, unknown> | unknown[];

/**
 * One minimal valid request for every operation of the contract, on the sample project. What a request
 * names is made as the administrator: once for reads and edits, anew for every delete, so that nothing
 * another request needs is ever deleted.
 */
export class HubRequests {
  readonly #admin: HubClient;
  readonly #made = new Map<string, Promise<Thing>>();
  readonly ids: SampleIds;
  readonly organization: number;
  readonly me: number;

  private constructor(admin: HubClient, world: { ids: SampleIds; organization: number; me: number }) {
    this.#admin = admin;
    this.ids = world.ids;
    this.organization = world.organization;
    this.me = world.me;
  }

  /** @param admin client of the administrator of a hub with the sample project */
  static async on(admin: HubClient): Promise<HubRequests> {
    const ids = await sampleIds(admin);
    const organization = (await admin<Row[]>('GET', '/rest/Organizations')).body[0]?.id ?? 0;
    const me = (await admin('GET', '/rest/User/GetCurrent')).body.id;
    return new HubRequests(admin, { ids, organization, me });
  }

  async of(name: string): Promise<HubRequest> {
    const operation: Operation = operations[name as Name];
    const body = await this.#bodyOf(operation);
    return {
      method: operation.method,
      path: (await this.#pathOf(operation)) + queryOf(operation, this.ids),
      body,
    };
  }

  async #pathOf(operation: Operation): Promise<string> {
    let path: string = operation.path;
    const kind = kindOf(operation.path);
    for (const param of pathParamNames(operation.path)) {
      path = path.replace(
        `{${param}}`,
        encodeURIComponent(String(await this.#valueOf(operation, kind, param))),
      );
    }
    return path;
  }

  async #valueOf(operation: Operation, kind: string, param: string): Promise<string | number> {
    if (param === 'project') return this.ids.project;
    if (param === 'organization') return this.organization;
    if (param === 'version') return this.ids.baseline;
    if (param === 'ancestor') return 'Sample_dives.Animalia';
    const fresh = operation.method === 'DELETE';
    if (kind === 'Project' && !fresh) return this.ids.project;
    if (kind === 'Organization' && !fresh) return this.organization;
    const thing = await this.thing(kind, { fresh });
    return param === 'elemental_id' ? thing.elementalId : thing.id;
  }

  /** Something of a kind, such as `Section`: the one that all requests share, or a new one. */
  thing(kind: string, { fresh }: { fresh: boolean }): Promise<Thing> {
    const known = fresh ? undefined : this.#made.get(kind);
    const thing = known ?? this.#make(kind);
    if (!fresh) this.#made.set(kind, thing);
    return thing;
  }

  async #make(kind: string): Promise<Thing> {
    if (kind.endsWith('File') && kind in fileBodies) return this.#mediaWithFiles();
    const creator = creators[kind];
    if (creator === undefined) return { id: 1, elementalId: '' };
    const { method, path, body } = await this.of(creator);
    const reply = await this.#admin<{ id?: number | number[] | string }>(method, path, body);
    return { id: idOf(reply), elementalId: elementalIdOf(body) };
  }

  /** URL of something uploaded; what is no video if nothing else is said. */
  async uploaded(content: string | Uint8Array<ArrayBuffer> = 'not a video'): Promise<string> {
    const info = await this.#admin<{ urls: string[] }>('GET', `/rest/UploadInfo/${this.ids.project}`);
    const url = info.body.urls[0] ?? '';
    await fetch(url, { method: 'PUT', body: content });
    return url;
  }

  /** The page of an applet, as it is registered from. */
  async savedPage(): Promise<string> {
    const { method, path, body } = await this.of('save_generic_file');
    return (await this.#admin<{ url: string }>(method, path, body)).body.url;
  }

  /** A workflow, as an algorithm is registered from it. */
  async savedManifest(): Promise<string> {
    const { method, path, body } = await this.of('save_algorithm_manifest');
    return (await this.#admin<{ url: string }>(method, path, body)).body.url;
  }

  /** Name of an algorithm that a hub with RUN_ALGORITHMS can run. */
  async runnable(): Promise<string> {
    const name = unique();
    const spec = { name, user: this.me, files_per_job: 1, manifest: await this.savedManifest() };
    await this.#admin('POST', `/rest/Algorithms/${this.ids.project}`, spec);
    return name;
  }

  async #mediaWithFiles(): Promise<Thing> {
    const media = await this.thing('Media', { fresh: true });
    for (const [kind, body] of Object.entries(fileBodies)) {
      const role = kind === 'VideoFile' ? '?role=archival' : kind === 'ImageFile' ? '?role=image' : '';
      await this.#admin('POST', `/rest/${kind}s/${media.id}${role}`, body);
    }
    return media;
  }

  async #bodyOf({ name, body, method }: Operation): Promise<unknown> {
    if (body === null) return undefined;
    const make = bodies[name as Name];
    if (make) return make(this);
    return method === 'POST' || body.required ? minimal(body.schema) : undefined;
  }
}

interface Thing {
  id: number | string;
  elementalId: string;
}

function idOf({ body }: Reply<{ id?: number | number[] | string }>): number | string {
  return (Array.isArray(body.id) ? body.id[0] : body.id) ?? 1;
}

function elementalIdOf(body: unknown): string {
  const spec: unknown = Array.isArray(body) ? body[0] : body;
  return typeof spec === 'object' && spec !== null && 'elemental_id' in spec ? String(spec.elemental_id) : '';
}

const unique = (): string => `Made ${randomUUID()}`;
const person = () => ({
  username: unique(),
  first_name: 'A',
  last_name: 'B',
  email: `${randomUUID()}@example.org`,
});

/** What makes a thing of each kind that stands in a path. */
const creators: Readonly<Record<string, Name>> = {
  User: 'create_user',
  Organization: 'create_organization',
  Project: 'create_project',
  Affiliation: 'create_affiliation',
  Invitation: 'create_invitation',
  Group: 'create_group',
  Bucket: 'create_bucket',
  JobCluster: 'create_job_cluster',
  HostedTemplate: 'create_hosted_template',
  RowProtection: 'create_row_protection',
  Membership: 'create_membership',
  Version: 'create_version',
  Section: 'create_section',
  Bookmark: 'create_bookmark',
  Favorite: 'create_favorite',
  MediaType: 'create_media_type',
  LocalizationType: 'create_localization_type',
  StateType: 'create_state_type',
  LeafType: 'create_leaf_type',
  FileType: 'create_file_type',
  Media: 'create_media_list',
  Localization: 'create_localization_list',
  State: 'create_state_list',
  Leaf: 'create_leaf_list',
  Transcode: 'transcode',
  Algorithm: 'register_algorithm',
  Job: 'create_job_list',
  Applet: 'register_applet',
  File: 'create_file',
  TemporaryFile: 'create_temporary_file',
};

/** Calls on the parts and pictures of things name the things. */
const kinds: Readonly<Record<string, string>> = {
  AttributeType: 'LocalizationType',
  MediaNext: 'Media',
  MediaPrev: 'Media',
  GetClonedMedia: 'Media',
  GetFrame: 'Media',
  GetClip: 'Media',
  Permalink: 'Media',
  VideoFiles: 'Media',
  ImageFiles: 'Media',
  AudioFiles: 'Media',
  AuxiliaryFiles: 'Media',
  LocalizationGraphic: 'Localization',
  StateGraphic: 'State',
  MergeStates: 'State',
  TrimStateEnd: 'State',
};

function kindOf(path: string): string {
  const word = path.split('/')[2] ?? '';
  return kinds[word] ?? word;
}

const URL = 'https://example.org/x';
const fileBodies: Readonly<Record<string, Body>> = {
  VideoFile: { path: URL, codec: 'h264', resolution: [720, 1280], reference_only: 1 },
  ImageFile: { path: URL, resolution: [720, 1280] },
  AudioFile: { path: URL, codec: 'aac' },
  AuxiliaryFile: { path: URL },
};

const attribute = { entity_type: 'LocalizationType' };
/** Selects nothing, so that a bulk call is valid and does no harm. */
const nothing = { ids: [2_000_000_000] };

type MakeBody = (world: HubRequests) => Body | Promise<Body>;

const typeId = async (world: HubRequests, kind: string) => (await world.thing(kind, { fresh: false })).id;
const mediaId = async (world: HubRequests) => Number(await typeId(world, 'Media'));
const trackSpec = async (world: HubRequests) => ({
  type: world.ids.track,
  version: world.ids.baseline,
  media_ids: [await mediaId(world)],
  frame: 0,
  elemental_id: randomUUID(),
  attributes: {},
});
const newUser = async (world: HubRequests) => Number((await world.thing('User', { fresh: true })).id);

/** Bodies that the schema alone does not tell. */
const bodies: Readonly<Partial<Record<Name, MakeBody>>> = {
  create_obtain_auth_token: () => ({ username: 'nobody', password: 'wrong' }),
  create_user: () => ({ ...person(), password: randomUUID() }),
  update_user: () => ({ first_name: 'New' }),
  create_password_reset: () => ({ email: 'nobody@example.org' }),
  create_organization: () => ({ name: unique() }),
  update_organization: () => ({ name: unique() }),
  create_affiliation: async (world) => ({ user: await newUser(world), permission: 'Member' }),
  update_affiliation: () => ({ permission: 'Member' }),
  create_invitation: () => ({ email: `${randomUUID()}@example.org`, permission: 'Member' }),
  update_invitation: () => ({ permission: 'Admin' }),
  create_row_protection: async (world) => ({
    version: world.ids.baseline,
    user: await newUser(world),
    permission: 255,
  }),
  update_row_protection: () => ({ permission: 3 }),
  create_project: ({ organization }) => ({ name: unique(), organization }),
  update_project: () => ({ summary: unique() }),
  create_membership: async (world) => ({ user: await newUser(world), permission: 'View Only' }),
  update_membership: () => ({ permission: 'View Only' }),
  create_version: () => ({ name: unique() }),
  create_section: () => ({ name: unique() }),
  update_section: () => ({ name: unique() }),
  update_section_list: () => ({ path_substitution: { old: 'Nowhere', new: 'Somewhere' } }),
  create_bookmark: () => ({ name: unique(), uri: '/x' }),
  create_favorite: ({ ids }) => ({ name: 'f', type: ids.box, values: {}, entity_type_name: 'Localization' }),
  create_media_type: () => ({ name: unique(), dtype: 'video' }),
  create_localization_type: ({ ids }) => ({ name: unique(), dtype: 'box', media_types: [ids.video] }),
  create_state_type: ({ ids }) => ({ name: unique(), association: 'Frame', media_types: [ids.video] }),
  create_leaf_type: () => ({ name: unique() }),
  create_file_type: () => ({ name: unique() }),
  create_attribute_type: () => ({ ...attribute, addition: { name: unique(), dtype: 'string' } }),
  update_attribute_type: () => ({
    ...attribute,
    current_name: 'none',
    attribute_type_update: { name: 'none' },
  }),
  replace_attribute_type: () => ({
    ...attribute,
    current_name: 'none',
    attribute_type_update: { name: 'none', dtype: 'string' },
  }),
  delete_attribute_type: () => ({ ...attribute, name: 'none' }),
  create_media_list: ({ ids }) => ({ type: ids.video, name: 'made.mp4', md5: '0' }),
  update_media_list: () => ({ ...nothing, attributes: { tator_user_sections: '' } }),
  delete_media_list: () => nothing,
  update_media: () => ({ name: 'made.mp4' }),
  clone_media_list: ({ ids }) => ({ dest_project: ids.project, dest_type: ids.video }),
  create_video_file: () => fileBodies['VideoFile'] ?? {},
  update_video_file: () => fileBodies['VideoFile'] ?? {},
  create_image_file: () => fileBodies['ImageFile'] ?? {},
  update_image_file: () => fileBodies['ImageFile'] ?? {},
  create_audio_file: () => fileBodies['AudioFile'] ?? {},
  update_audio_file: () => fileBodies['AudioFile'] ?? {},
  create_auxiliary_file: () => fileBodies['AuxiliaryFile'] ?? {},
  update_auxiliary_file: () => fileBodies['AuxiliaryFile'] ?? {},
  complete_upload: () => ({
    key: 'x',
    upload_id: 'x',
    parts: [1, 2].map((PartNumber) => ({ PartNumber, ETag: 'x' })),
  }),
  transcode: async (world) => ({
    type: world.ids.video,
    gid: randomUUID(),
    uid: randomUUID(),
    url: await world.uploaded(),
    name: 'made.mp4',
    md5: '0',
    section: 'Made',
  }),
  delete_transcode_list: () => ({}),
  create_localization_list: async (world) => [
    boxSpec(world.ids, await mediaId(world), { elemental_id: randomUUID() }),
  ],
  update_localization_list: () => ({ ...nothing, attributes: { Notes: 'x' } }),
  delete_localization_list: () => nothing,
  update_localization: () => ({ x: 0.2 }),
  update_localization_by_elemental_id: () => ({ x: 0.2 }),
  create_state_list: async (world) => [await trackSpec(world)],
  update_state_list: () => ({ ...nothing, attributes: { Notes: 'x' } }),
  delete_state_list: () => nothing,
  update_state: () => ({ frame: 1 }),
  update_state_by_elemental_id: () => ({ frame: 1 }),
  merge_states: async (world) => ({ merge_state_id: (await world.thing('State', { fresh: true })).id }),
  trim_state_end: () => ({ frame: 0, endpoint: 'start' }),
  create_leaf_list: async (world) => [{ type: await typeId(world, 'LeafType'), name: 'leaf' }],
  update_leaf: () => ({ name: 'leaf' }),
  update_leaf_list: () => ({ ...nothing, attributes: { alias: 'x' } }),
  delete_leaf_list: () => nothing,
  create_file: async (world) => ({
    type: await typeId(world, 'FileType'),
    name: unique(),
    description: '',
  }),
  update_file: () => ({ name: unique() }),
  save_algorithm_manifest: async (world) => ({ name: 'm.yaml', upload_url: await world.uploaded(workflow) }),
  create_job_list: async (world) => ({
    algorithm_name: await world.runnable(),
    media_ids: [(await world.thing('Media', { fresh: false })).id],
  }),
  create_job_cluster: () => ({ name: unique(), host: 'h', port: 443, token: 't', cert: 'c' }),
  update_job_cluster: () => ({ name: unique(), host: 'h', port: 6443, token: 't', cert: 'c' }),
  register_algorithm: async (world) => ({
    ...(await algorithm(world)),
    manifest: await world.savedManifest(),
  }),
  update_algorithm: algorithm,
  save_generic_file: async (world) => ({ name: 'page.html', upload_url: await world.uploaded() }),
  register_applet: async (world) => ({ name: unique(), html_file: await world.savedPage() }),
  update_applet: () => ({ description: 'new' }),
  create_temporary_file: async (world) => ({
    name: 't',
    url: await world.uploaded(),
    lookup: randomUUID(),
  }),
  create_bucket: () => ({
    name: unique().slice(0, 60),
    store_type: 'MINIO',
    config: {
      endpoint_url: 'https://s3.example.org',
      region_name: 'x',
      aws_access_key_id: 'x',
      aws_secret_access_key: 'x',
    },
  }),
  update_bucket: () => ({ name: unique().slice(0, 60) }),
  create_hosted_template: () => ({ name: unique(), url: URL }),
  update_hosted_template: () => ({ name: unique(), url: URL }),
};

/** Parameters that must be there, or without which a call would mean everything. */
function queryOf({ name, query }: Operation, ids: SampleIds): string {
  const given: Readonly<Record<string, string>> = {
    clone_media_list: '?media_id=2000000000',
    user_exists: '?username=admin',
    get_user_list: '?username=admin',
    get_change_log_list: '?user_id=1',
    get_clip: '?frame_ranges=0:1',
    leaf_suggestion: '?query=Se',
    get_row_protection_list: `?version=${ids.baseline}`,
    update_section_list: '?name=none',
    delete_transcode_list: `?gid=${randomUUID()}`,
    delete_job_list: `?gid=${randomUUID()}`,
  };
  if (given[name] !== undefined) return given[name];
  const role = name.includes('video') ? 'archival' : 'image';
  const values: Readonly<Record<string, string>> = { role, index: '0' };
  const needed = Object.entries(query).filter(([, param]) => param.required);
  const index = /_list$|^create_/.test(name) ? [] : Object.keys(query).filter((param) => param === 'index');
  const names = new Set([...needed.map(([param]) => param), ...index]);
  return names.size === 0
    ? ''
    : `?${[...names].map((param) => `${param}=${values[param] ?? '0'}`).join('&')}`;
}

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  minimum?: number;
  minItems?: number;
  format?: string;
  default?: unknown;
}

/** The smallest value of a schema: members that must be there, and nothing else. */
export function minimal(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return minimal(schema.anyOf[0] ?? {});
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [name, minimal(schema.properties?.[name] ?? {})]),
      );
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => minimal(schema.items ?? {}));
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return true;
    case 'string':
      return schema.format === 'uuid' ? randomUUID() : 'x';
    default:
      return null;
  }
}

const workflow = JSON.stringify({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Workflow',
  spec: { entrypoint: 'main', templates: [{ name: 'main', container: { command: ['true'] } }] },
});

async function algorithm(world: HubRequests): Promise<Record<string, unknown>> {
  const { id: cluster } = await world.thing('JobCluster', { fresh: false });
  return { name: unique(), user: world.me, files_per_job: 1, cluster };
}

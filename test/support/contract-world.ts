import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { operations, type OperationName } from '../../src/contract/table.ts';
import { pathParamNames, type Operation } from '../../src/contract/operation.ts';
import { HubRequests, type HubRequest } from './hub-requests.ts';
import { boxSpec } from './hub-sample.ts';
import type { HubClient, MediaAnswer, Row, TestHub } from './hub.ts';

const clip = fileURLToPath(new URL('../../resources/sample/dive.mp4', import.meta.url));
const PATIENCE_MS = 90_000;

type Make = () => Promise<HubRequest>;

/**
 * Requests that succeed, for every operation, on a hub with the sample project and mail. Most come from
 * `HubRequests`; here is what needs more than a minimal request: real files, mail, a second user.
 */
export class ContractWorld {
  readonly #hub: TestHub;
  readonly #call: HubClient;
  readonly #requests: HubRequests;
  readonly #special: ReadonlyMap<string, Make>;
  #clip: Promise<number> | undefined;

  private constructor(hub: TestHub, requests: HubRequests) {
    this.#hub = hub;
    this.#call = hub.client();
    this.#requests = requests;
    this.#special = new Map(Object.entries(this.#specials()));
  }

  static async on(hub: TestHub): Promise<ContractWorld> {
    const requests = await HubRequests.on(hub.client());
    await hub.client()('PATCH', `/rest/User/${requests.me}`, { email: 'master@ship.example' });
    return new ContractWorld(hub, requests);
  }

  /** A request that can be carried out; of one that deletes or uses something up, a new one each time. */
  request(name: string): Promise<HubRequest> {
    return (this.#special.get(name) ?? (() => this.#requests.of(name)))();
  }

  /** The same request in the form that the typed client takes. */
  async args(name: string): Promise<Record<string, unknown>> {
    return argsOf(operations[name as OperationName], await this.request(name));
  }

  /** Token of a user who belongs to nothing. */
  async strangersToken(): Promise<string> {
    const [username, password] = [randomUUID(), randomUUID()];
    const person = { first_name: 'A', last_name: 'B', email: `${username}@example.org` };
    await this.#call('POST', '/rest/Users', { username, password, ...person });
    const made = await this.#call<{ token: string }>(
      'POST',
      '/rest/Token',
      { username, password },
      { authorization: '' },
    );
    return made.body.token;
  }

  #specials(): Record<string, Make> {
    const { ids } = this.#requests;
    const attribute = async (): Promise<string> => {
      const name = `Made ${randomUUID()}`;
      const addition = { name, dtype: 'string' };
      const body = { entity_type: 'LocalizationType', addition };
      await this.#call('POST', `/rest/AttributeType/${ids.box}`, body);
      return name;
    };
    const attributeType = async (method: string, bodyOf: (name: string) => object): Promise<HubRequest> => ({
      method,
      path: `/rest/AttributeType/${ids.box}`,
      body: { entity_type: 'LocalizationType', ...bodyOf(await attribute()) },
    });
    const change = (name: string) => ({
      current_name: name,
      attribute_type_update: { name: `${name} new`, dtype: 'string' },
    });
    const ofMedia = (path: (media: number) => string) => async (): Promise<HubRequest> => ({
      method: 'GET',
      path: path(await this.media()),
      body: undefined,
    });
    return {
      create_obtain_auth_token: async () => ({
        method: 'POST',
        path: '/rest/Token',
        body: { username: 'admin', password: await this.#password() },
      }),
      create_password_reset: async () => {
        const { body } = await this.#requests.of('create_user');
        await this.#call('POST', '/rest/Users', body);
        return { method: 'POST', path: '/rest/PasswordReset', body: { email: (body as Person).email } };
      },
      delete_announcement: async () => {
        const made = await this.#call('POST', '/rest/TidemarkHub/Announcements', { markdown: 'x' });
        return { method: 'DELETE', path: `/rest/Announcement/${made.body.id}`, body: undefined };
      },
      get_frame: ofMedia((media) => `/rest/GetFrame/${media}?frames=3`),
      get_clip: ofMedia((media) => `/rest/GetClip/${media}?frame_ranges=0:5`),
      get_permalink: ofMedia((media) => `/rest/Permalink/${media}`),
      get_localization_graphic: async () => ({
        method: 'GET',
        path: `/rest/LocalizationGraphic/${await this.#box()}`,
        body: undefined,
      }),
      get_state_graphic: async () => {
        const spec = {
          type: ids.track,
          version: ids.baseline,
          media_ids: [await this.media()],
          localization_ids: [await this.#box()],
        };
        const made = await this.#call<{ id: number[] }>('POST', `/rest/States/${ids.project}`, [spec]);
        return { method: 'GET', path: `/rest/StateGraphic/${made.body.id[0]}`, body: undefined };
      },
      update_attribute_type: () => attributeType('PATCH', change),
      replace_attribute_type: () => attributeType('PUT', change),
      delete_attribute_type: () => attributeType('DELETE', (name) => ({ name })),
      complete_upload: () => this.#upload(),
      // Without it all would go, which the client refuses to send.
      delete_temporary_file_list: () =>
        Promise.resolve({
          method: 'DELETE',
          path: `/rest/TemporaryFiles/${ids.project}?expired=1`,
          body: undefined,
        }),
      send_email: async () => {
        const { body } = await this.#requests.of('create_user');
        const user = (await this.#call('POST', '/rest/Users', body)).body.id;
        const membership = { user, permission: 'View Only' };
        await this.#call('POST', `/rest/Memberships/${ids.project}`, membership);
        const mail = { recipients: [(body as Person).email], subject: 'x', text: 'y', attachments: [] };
        return { method: 'POST', path: `/rest/Email/${ids.project}`, body: mail };
      },
    };
  }

  /** A video with real files, made once. */
  media(): Promise<number> {
    this.#clip ??= this.#transcode();
    return this.#clip;
  }

  async #transcode(): Promise<number> {
    const { ids } = this.#requests;
    const url = await this.#requests.uploaded(await readFile(clip));
    const uid = randomUUID();
    const spec = {
      type: ids.video,
      gid: randomUUID(),
      uid,
      url,
      name: 'clip.mp4',
      md5: '0',
      section: 'Dives',
    };
    await this.#call('POST', `/rest/Transcodes/${ids.project}`, spec);
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      const path = `/rest/Medias/${ids.project}?name=clip.mp4`;
      const [media] = (await this.#call<(MediaAnswer & Row)[]>('GET', path)).body;
      if (media?.media_files && 'streaming' in media.media_files) return media.id;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error('the clip was not transcoded');
  }

  async #box(): Promise<number> {
    const { ids } = this.#requests;
    const spec = boxSpec(ids, await this.media());
    const made = await this.#call<{ id: number[] }>('POST', `/rest/Localizations/${ids.project}`, [spec]);
    return made.body.id[0] ?? 0;
  }

  async #upload(): Promise<HubRequest> {
    const { project } = this.#requests.ids;
    const info = await this.#call<{ urls: string[]; key: string; upload_id: string }>(
      'GET',
      `/rest/UploadInfo/${project}?num_parts=2`,
    );
    const parts = [];
    for (const [i, url] of info.body.urls.entries()) {
      const reply = await fetch(url, { method: 'PUT', body: new Uint8Array(5 * 1024 ** 2) });
      parts.push({ PartNumber: i + 1, ETag: reply.headers.get('etag') });
    }
    const { key, upload_id } = info.body;
    return { method: 'POST', path: `/rest/UploadCompletion/${project}`, body: { key, upload_id, parts } };
  }

  async #password(): Promise<string> {
    return (await readFile(join(this.#hub.data, 'admin-password.txt'), 'utf8')).trim();
  }
}

interface Person {
  email: string;
}

interface Kind {
  type?: string;
  items?: Kind;
}

/** Path, query and body of a request as one flat object. */
export function argsOf(operation: Operation, { path, body }: HubRequest): Record<string, unknown> {
  const [bare = '', query = ''] = path.split('?');
  const words = bare.split('/').map(decodeURIComponent);
  const inPath = operation.path.split('/').flatMap((word, i) => {
    const name = pathParamNames(word)[0];
    if (name === undefined) return [];
    const { type } = operation.pathParams[name] as Kind;
    return [[name, type === 'string' ? words[i] : Number(words[i])] as const];
  });
  const inQuery = [...new URLSearchParams(query)].map(([name, text]) => {
    const kind = operation.query[name]?.schema as Kind | undefined;
    return [name, valueOf(text, kind)] as const;
  });
  return {
    ...Object.fromEntries([...inPath, ...inQuery]),
    ...(body === undefined ? {} : { body }),
  };
}

function valueOf(text: string, kind: Kind | undefined): unknown {
  if (kind?.type === 'integer' || kind?.type === 'number') return Number(text);
  if (kind?.type === 'array') return text.split(',').map((item) => valueOf(item, kind.items));
  return text;
}

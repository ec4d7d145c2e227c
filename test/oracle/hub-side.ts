import { createTatorClient } from '../../src/api/client.ts';
import { readExtension } from '../../src/api/extensions.ts';
import type { Fetch } from '../../src/api/exchange.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { OperationName } from '../../src/contract/table.ts';
import type { Fields } from '../../src/domain/fields.ts';
import { editMembers, localizationRow, type RowContext } from '../../src/engine/annotation-wire.ts';
import { HostServer } from '../../src/engine/host-server.ts';
import { attributeMembers, type Wire } from '../../src/engine/wire.ts';
import { digested } from '../../src/host/digested.ts';
import type { Answer as HubAnswer, HubClient, Reply, TestHub } from '../support/hub.ts';
import { makeProject, type Crew, type HubProject } from './hub-project.ts';
import { EngineUser, mediaKeyOf, type Context, type Mark, type Names, type Seen, type Side } from './side.ts';
import {
  isEngineStep,
  type ElementRef,
  type Kind,
  type NewAnnotation,
  type RestStep,
  type Step,
} from './steps.ts';
import { ToldChanges } from './told-changes.ts';
import { TranslatedPort } from './translated-port.ts';

const paths: Record<Kind, { one: string; many: string }> = {
  localization: { one: 'Localization', many: 'Localizations' },
  state: { one: 'State', many: 'States' },
};

/** A project of a real hub: the engine asks through its own adapter, others by plain requests. */
export class HubSide implements Side {
  readonly medias = new Map<number, number>();
  readonly #names: Names;
  readonly #call: HubClient;
  readonly #project: HubProject;
  readonly #port: TranslatedPort;
  readonly #engine: EngineUser;
  readonly #others: EngineUser;
  readonly #told: ToldChanges;
  #lastWrite = 0;

  private constructor(options: { hub: TestHub; names: Names; project: HubProject; fetch: Fetch }) {
    const { hub, names, project, fetch } = options;
    this.#names = names;
    this.#project = project;
    this.#call = hub.client();
    this.#port = new TranslatedPort(adapterOf(hub.url, hub.annotatorToken, fetch), project);
    this.#engine = new EngineUser(this.#port, names, this.medias);
    this.#told = new ToldChanges(this.#port, mediaKeyOf(names, this.medias));
    const others = new TranslatedPort(adapterOf(hub.url, hub.adminToken, fetch), project);
    this.#others = new EngineUser(others, names, this.medias);
  }

  static async make(options: { hub: TestHub; crew: Crew; names: Names; fetch: Fetch }): Promise<HubSide> {
    const { hub, crew, names, fetch } = options;
    const project = await makeProject(
      hub.client(),
      crew,
      `oracle ${names.media(0)} ${hub.pid} ${Date.now()}`,
    );
    const side = new HubSide({ hub, names, project, fetch });
    // The engine knows the types of a project before it asks for anything else.
    await side.#port.readCatalog();
    await side.#told.begin();
    return side;
  }

  async perform(step: Step, context: Context): Promise<Seen> {
    // Times tell steps apart only if no two are at one millisecond.
    while (Date.now() <= this.#lastWrite) await new Promise((resolve) => setTimeout(resolve, 1));
    const seen = await this.#answer(step, context);
    this.#lastWrite = Date.now();
    return seen;
  }

  changes(atLeast?: ReadonlySet<string>): Promise<Set<string>> {
    return this.#told.next(atLeast);
  }

  #answer(step: Step, context: Context): Promise<Seen> {
    if (isEngineStep(step)) return this.#engine.perform(step, context);
    switch (step.act) {
      case 'post':
        return this.#post(step.specs);
      case 'edit media':
        return this.#others.perform({ ...step, act: 'patch media' }, context);
      default:
        return this.#rest(step, context);
    }
  }

  #post(specs: NewAnnotation[]): Promise<Seen> {
    const kind = specs[0]?.element.kind ?? 'localization';
    const nothing = { mark: null, after: null, since: null };
    return this.#others.perform({ act: 'create', kind, specs, key: null }, nothing);
  }

  async #rest(step: Exclude<RestStep, { act: 'post' | 'edit media' }>, { mark }: Context): Promise<Seen> {
    switch (step.act) {
      case 'edit':
        return this.#edit(step.element, {
          ...editMembers(step.fields),
          ...named(mark),
          ...(step.pedantic ? { pedantic: 1 } : {}),
        });
      case 'edit in place':
        return this.#edit(step.element, { ...editMembers(step.fields), in_place: 1 });
      case 'bulk edit': {
        const how = step.inPlace ? { in_place: 1 } : {};
        return this.#bulk('PATCH', step.elements, { ...attributeMembers(step.fields), ...how });
      }
      case 'remove':
        return seenOf(await this.#call('DELETE', this.#pathOf(step.element)));
      case 'bulk remove':
        return this.#bulk('DELETE', step.elements, step.inPlace ? { in_place: 1 } : {});
      case 'prune':
        if (step.whole) return this.#bulk('DELETE', [step.element], { prune: 1 }, allMarks);
        return seenOf(await this.#call('DELETE', this.#pathOf(step.element), { prune: 1 }));
      case 'shown':
        return this.#shown(step.elements);
      case 'rename attribute':
        return this.#onTypes('PATCH', {
          current_name: 'Old',
          attribute_type_update: { name: 'New' },
        });
      case 'delete attribute':
        return this.#onTypes('DELETE', { name: 'B' });
      case 'add attribute':
        return this.#onTypes('POST', {
          addition: { name: 'Added', dtype: 'string', required: false, default: step.value },
        });
    }
  }

  async #edit(element: ElementRef, body: Wire): Promise<Seen> {
    const reply = await this.#call('PATCH', this.#pathOf(element), body);
    const seen = seenOf(reply);
    if (seen.status !== 'done' || element.kind === 'state') return seen;
    const row = localizationRow(reply.body.object as unknown as Wire, this.#rowContext());
    return { ...seen, rows: [this.#port.row(row)] };
  }

  async #bulk(method: string, elements: ElementRef[], body: Wire, query = ''): Promise<Seen> {
    const [first] = elements;
    if (first === undefined) return { status: 'done' };
    const path = `/rest/${paths[first.kind].many}/${this.#project.id}?version=${this.#version(first)}${query}`;
    return seenOf(await this.#call(method, path, { ...body, ...this.#idsOf(elements) }));
  }

  async #shown(elements: ElementRef[]): Promise<Seen> {
    const [first] = elements;
    if (first === undefined) return { status: 'done', rows: [] };
    const path = `/rest/${paths[first.kind].many}/${this.#project.id}?version=${this.#version(first)}`;
    const reply = await this.#call<Wire[]>('PUT', path, this.#idsOf(elements));
    if (reply.status !== 200) return seenOf(reply as unknown as Reply<HubAnswer>);
    return { status: 'done', told: reply.body.map(({ id }) => Number(id)) };
  }

  async #onTypes(method: string, body: object): Promise<Seen> {
    const entities = { LocalizationType: [7], StateType: [8, 9] };
    let seen: Seen = { status: 'done' };
    for (const [entity_type, types] of Object.entries(entities)) {
      for (const type of types) {
        const path = `/rest/AttributeType/${this.#project.types.get(type)}`;
        seen = seenOf(await this.#call(method, path, { entity_type, ...body }));
      }
    }
    return seen;
  }

  #rowContext(): RowContext {
    const slots = new Map([...this.medias].map(([slot, id]) => [id, slot]));
    return {
      keyOf: (id) => this.#names.media(slots.get(id) ?? -1),
      dtypeOf: () => 'box',
      memberOf: () => null,
    };
  }

  #pathOf(element: ElementRef): string {
    const { elementalId } = this.#names.refOf(element);
    return `/rest/${paths[element.kind].one}/${this.#version(element)}/${elementalId}`;
  }

  #version({ version }: ElementRef): number {
    return this.#project.versions[version - 1] ?? 0;
  }

  #idsOf(elements: ElementRef[]): Fields {
    return { elemental_ids: elements.map(({ kind, slot }) => this.#names.element(kind, slot)) };
  }
}

const allMarks = '&show_all_marks=1&show_deleted=1&merge=0';

function named(mark: Mark): Wire {
  return mark === null ? {} : { mark };
}

/** The engine's own way to a server, without the processes between. */
function adapterOf(host: string, token: string, fetch: Fetch): HostServer {
  const clock = systemClock();
  const client = createTatorClient({ host, token, fetch, clock, random: Math.random, tries: 1 });
  return new HostServer({
    call: (operation, args, options = {}) =>
      client.call(operation as OperationName, args, { idempotencyKey: options.idempotencyKey }),
    readUnless: (operation, args, known) =>
      digested(known, (isKnown) => client.call(operation as OperationName, args, { isKnown })),
    extension: (path, query) => readExtension(path, query, { host, token, fetch, clock }),
  });
}

function seenOf({ status, body }: Reply<HubAnswer>): Seen {
  if (status >= 200 && status < 300) return { status: 'done' };
  if (status === 404) return { status: 'not-found' };
  if (status !== 400) return { status: `status ${status}` };
  return { status: body.message.startsWith('Pedantic mode') ? 'stale-mark' : 'rejected' };
}

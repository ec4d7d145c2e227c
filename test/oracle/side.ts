import { seededRandom, uuidFrom } from '../../src/base/random.ts';
import type { Fields } from '../../src/domain/fields.ts';
import type { ElementalId, EntityRef, MediaKey } from '../../src/domain/identity.ts';
import type { Failure, MediaSpec, ServerMedia, ServerPort, ServerRow } from '../../src/sync/ports.ts';
import type { Change, ElementRef, EngineStep, Kind, NewAnnotation, Step } from './steps.ts';

/** How a request ended; the words in which a refusal is explained are not compared. */
export type Status = 'done' | Failure['kind'] | `status ${number}`;

/** What a step was answered. Row ids and times are the side's own; all other ids are those of `ids`. */
export interface Seen {
  status: Status;
  rows?: ServerRow[];
  /** Row ids, where no more is compared: of new annotations, and of what a look-up of members finds. */
  told?: number[];
  medias?: ServerMedia[];
}

/** Media key of a server id, on a side that has these medias by their numbers. */
export function mediaKeyOf(
  names: Names,
  medias: ReadonlyMap<number, number>,
): (serverId: number) => MediaKey {
  return (serverId) => names.media([...medias].find(([, id]) => id === serverId)?.[0] ?? -1);
}

/** The same in all scripts; a side with other ids translates. */
export const ids = {
  project: 1,
  mediaType: 3,
  localizationType: 7,
  /** By the number of the state: one of localizations, one of frames. */
  stateTypes: [8, 9],
  versions: [1, 2],
  sections: [1, 2],
  /** Who uses the engine, and who plain REST. */
  annotator: 1,
  others: 99,
} as const;

/** A mark number as it is sent; none where the step names none. */
export type Mark = number | null;

/** What a step needs to know besides itself. */
export interface Context {
  /** The mark that the step names. */
  mark: Mark;
  /** Row id to read after. */
  after: number | null;
  /** ISO 8601: rows modified at or after. */
  since: string | null;
}

export interface Side {
  /** Server ids of the script's medias that are there, by their numbers. */
  readonly medias: Map<number, number>;
  perform(step: Step, context: Context): Promise<Seen>;
  /** What its feed has told since the last time; a side that may lag waits for all of `atLeast`. */
  changes(atLeast?: ReadonlySet<string>): Promise<Set<string>>;
}

/** Names of a script's things; the same on both sides, and others in every script. */
export class Names {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  element(kind: Kind, slot: number): ElementalId {
    return this.#uuid(kind === 'state' ? 200 + slot : 100 + slot);
  }

  media(slot: number): MediaKey {
    return this.#uuid(slot);
  }

  refOf({ kind, slot, version }: ElementRef): EntityRef {
    return { kind, version, elementalId: this.element(kind, slot) };
  }

  key(number: number): string {
    return this.#uuid(1000 + number);
  }

  /** The fields of a spec or a change, with the elemental ids of its members. */
  fieldsOf({ fields, members }: Pick<NewAnnotation, 'fields' | 'members'> | Change): Fields {
    if (members === undefined) return fields;
    return { ...fields, localizations: members.map((slot) => this.element('localization', slot)).sort() };
  }

  #uuid(number: number): string {
    return uuidFrom(seededRandom(Math.imul(this.#seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x27d4eb2f)));
  }
}

export function typeOf({ kind, slot }: ElementRef): number {
  return kind === 'localization' ? ids.localizationType : (ids.stateTypes[slot] ?? ids.stateTypes[0]);
}

/** A server id that no media has. */
const noMedia = 2_000_000_000;

/** What the engine asks, through its port; the same code for both sides. */
export class EngineUser {
  readonly #port: ServerPort;
  readonly #names: Names;
  readonly #medias: Map<number, number>;

  constructor(port: ServerPort, names: Names, medias: Map<number, number>) {
    this.#port = port;
    this.#names = names;
    this.#medias = medias;
  }

  async perform(step: EngineStep, { mark, after, since }: Context): Promise<Seen> {
    const [port, names] = [this.#port, this.#names];
    switch (step.act) {
      case 'create':
        return this.#create(step.specs, step.key === null ? undefined : names.key(step.key));
      case 'patch': {
        const ref = names.refOf(step.element);
        const answer = await port.patchAnnotation(ref, mark ?? 0, names.fieldsOf(step.change));
        return answer.ok ? { status: 'done', rows: [answer.value] } : refused(answer.failure);
      }
      case 'delete': {
        const answer = await port.deleteAnnotation(names.refOf(step.element));
        return answer.ok ? { status: 'done' } : refused(answer.failure);
      }
      case 'list': {
        const { kind, allMarks, limit, medias, slots, version } = step;
        const answer = await port.readMarks({
          projectId: ids.project,
          kind,
          allMarks,
          limit,
          ...(after === null ? {} : { after }),
          ...(since === null ? {} : { modifiedSince: since }),
          ...(medias === null ? {} : { mediaIds: medias.map((slot) => this.#mediaId(slot)) }),
          ...(slots === null ? {} : { elementalIds: slots.map((slot) => names.element(kind, slot)) }),
          ...(version === null ? {} : { version }),
        });
        return answer.ok ? { status: 'done', rows: answer.value } : refused(answer.failure);
      }
      default:
        return this.#ofMedia(step, after);
    }
  }

  async #ofMedia(
    step: Exclude<EngineStep, { act: 'create' | 'patch' | 'delete' | 'list' }>,
    after: number | null,
  ): Promise<Seen> {
    const [port, names] = [this.#port, this.#names];
    switch (step.act) {
      case 'create media': {
        const spec: MediaSpec = {
          elementalId: names.media(step.media),
          type: ids.mediaType,
          sectionId: step.section,
          fields: { md5: 'd41d8cd98f00b204e9800998ecf8427e', ...step.fields },
        };
        const key = step.key === null ? undefined : names.key(step.key);
        const answer = await port.createMedia(ids.project, spec, key);
        if (!answer.ok) return refused(answer.failure);
        this.#medias.set(step.media, answer.value);
        return { status: 'done' };
      }
      case 'patch media': {
        const answer = await port.patchMedia(this.#mediaId(step.media), step.fields);
        return answer.ok ? { status: 'done' } : refused(answer.failure);
      }
      case 'list medias':
        return mediasOf(
          await port.readMedia({ projectId: ids.project, after: after ?? 0, limit: step.limit }),
        );
      case 'find media':
        return mediasOf(await port.findMedia(ids.project, names.media(step.media)));
      case 'medias by id':
        return inNoOrder(
          mediasOf(
            await port.readMediaByIds(
              ids.project,
              step.medias.map((slot) => this.#mediaId(slot)),
            ),
          ),
        );
    }
  }

  async #create(specs: NewAnnotation[], key: string | undefined): Promise<Seen> {
    const made = specs.map((spec) => ({
      ref: this.#names.refOf(spec.element),
      type: typeOf(spec.element),
      mediaIds: [this.#mediaId(spec.media)],
      fields: this.#names.fieldsOf(spec),
    }));
    const answer = await this.#port.createAnnotations(ids.project, made, key);
    return answer.ok ? { status: 'done', told: answer.value } : refused(answer.failure);
  }

  #mediaId(slot: number): number {
    return this.#medias.get(slot) ?? noMedia + slot;
  }
}

function mediasOf(answer: Awaited<ReturnType<ServerPort['readMedia']>>): Seen {
  return answer.ok ? { status: 'done', medias: answer.value } : refused(answer.failure);
}

/** A Tator lists medias by their names where no order is asked for, and nobody goes by it. */
function inNoOrder(seen: Seen): Seen {
  if (seen.medias === undefined) return seen;
  return { ...seen, medias: seen.medias.toSorted((a, b) => (a.key < b.key ? -1 : 1)) };
}

function refused(failure: Failure): Seen {
  return { status: failure.kind };
}

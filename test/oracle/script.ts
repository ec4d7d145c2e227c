import { seededRandom, type Random } from '../../src/base/random.ts';
import type { Json } from '../../src/base/json.ts';
import type { Fields } from '../../src/domain/fields.ts';
import type {
  Change,
  ElementRef,
  Kind,
  ListStep,
  NamedMark,
  NewAnnotation,
  OracleScript,
  Step,
} from './steps.ts';

/** Few of each, so that the steps meet each other. */
const slots: Record<Kind, number> = { localization: 4, state: 2 };
const medias = 3;
const usualLength = 30;

/** How often each act comes, out of their sum. */
const often: [Step['act'], number][] = [
  ['create', 14],
  ['patch', 16],
  ['delete', 6],
  ['list', 18],
  ['create media', 2],
  ['patch media', 3],
  ['list medias', 2],
  ['find media', 2],
  ['medias by id', 2],
  ['post', 4],
  ['edit', 8],
  ['edit in place', 3],
  ['bulk edit', 5],
  ['remove', 2],
  ['bulk remove', 2],
  ['prune', 5],
  ['edit media', 2],
  ['shown', 2],
  ['rename attribute', 0.7],
  ['delete attribute', 0.7],
  ['add attribute', 0.7],
];
const sum = often.reduce((total, [, weight]) => total + weight, 0);

/** What both servers are asked under this seed. */
export function oracleScript(seed: number, length = usualLength): OracleScript {
  const make = new Maker(seededRandom(Math.imul(seed, 0x85ebca6b) ^ 0x2545f491));
  return { seed, steps: Array.from({ length }, () => make.step()) };
}

class Maker {
  readonly #random: Random;
  #values = 0;
  #keys = 0;
  /** Creates that had a key, to be sent again. */
  readonly #keyed: Step[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  step(): Step {
    let left = this.#random() * sum;
    const act = often.find(([, weight]) => (left -= weight) < 0)?.[0] ?? 'list';
    return this.#of(act);
  }

  #of(act: Step['act']): Step {
    const element = this.#element();
    const { kind } = element;
    switch (act) {
      case 'create':
        return this.#sometimesAgain({ act, kind, specs: this.#specs(kind), key: this.#key() });
      case 'post':
        return { act, kind, specs: this.#specs(kind) };
      case 'patch':
        return { act, element, mark: this.#mark(false), change: this.#change(kind) };
      case 'edit': {
        const fields = this.#someValues(kind);
        return { act, element, mark: this.#mark(true), pedantic: this.#chance(0.5), fields };
      }
      case 'edit in place':
        return { act, element, fields: this.#someValues(kind) };
      case 'bulk edit': {
        const fields = this.#attributes(0.6);
        return { act, elements: this.#elements(kind), fields, inPlace: this.#chance(0.4) };
      }
      case 'bulk remove':
        return { act, elements: this.#elements(kind), inPlace: this.#chance(0.5) };
      case 'shown':
        return { act, elements: this.#elements(kind) };
      case 'delete':
      case 'remove':
        return { act, element };
      case 'prune':
        return { act, element, whole: this.#chance(0.3) };
      case 'list':
        return this.#list(kind);
      case 'rename attribute':
      case 'delete attribute':
        return { act };
      case 'add attribute':
        return { act, value: this.#value() };
      default:
        return this.#ofMedia(act);
    }
  }

  #ofMedia(
    act: 'create media' | 'patch media' | 'edit media' | 'list medias' | 'find media' | 'medias by id',
  ): Step {
    const media = this.#below(medias);
    switch (act) {
      case 'create media': {
        const fields = { name: this.#value(), ...this.#mediaAttributes() };
        return this.#sometimesAgain({ act, media, fields, section: this.#section(), key: this.#key() });
      }
      case 'patch media':
      case 'edit media':
        return { act, media, fields: this.#mediaChange() };
      case 'list medias':
        return { act, after: this.#told(), limit: 1 + this.#below(4) };
      case 'find media':
        return { act, media };
      case 'medias by id':
        return { act, medias: this.#some(medias) };
    }
  }

  #list(kind: Kind): ListStep {
    return {
      act: 'list',
      kind,
      after: this.#told(),
      since: this.#told(),
      medias: this.#chance(0.3) ? this.#some(medias) : null,
      ...this.#narrowed(kind),
      allMarks: this.#chance(0.6),
      limit: this.#chance(0.5) ? 1000 : 1 + this.#below(5),
    };
  }

  /** Elements are always asked for in one version. */
  #narrowed(kind: Kind): Pick<ListStep, 'slots' | 'version'> {
    if (this.#chance(0.4)) return { slots: this.#some(slots[kind]), version: this.#version() };
    return { slots: null, version: this.#chance(0.4) ? this.#version() : null };
  }

  #specs(kind: Kind): NewAnnotation[] {
    const count = this.#chance(0.6) ? 1 : 2 + this.#below(3);
    return Array.from({ length: count }, () => {
      const element = { ...this.#element(), kind, slot: this.#below(slots[kind]) };
      const fields = { ...this.#content(element), ...this.#attributes(0.6) };
      const spec = { element, media: this.#below(this.#chance(0.03) ? medias : 1), fields };
      return kind === 'state' ? { ...spec, members: this.#members() } : spec;
    });
  }

  /** What it always has: a localization, and a state of frames. */
  #content({ kind, slot }: ElementRef): Fields {
    if (kind === 'localization') return { frame: this.#below(100), geometry: this.#box() };
    return slot === 0 ? {} : { frame: this.#below(100) };
  }

  #change(kind: Kind): Change {
    const fields = this.#someValues(kind);
    return kind === 'state' && this.#chance(0.4) ? { fields, members: this.#members() } : { fields };
  }

  #someValues(kind: Kind): Fields {
    const fields = this.#attributes(0.5);
    if (kind === 'state') return fields;
    return {
      ...fields,
      ...(this.#chance(0.3) ? { geometry: this.#box() } : {}),
      ...(this.#chance(0.2) ? { frame: this.#below(100) } : {}),
    };
  }

  #mediaChange(): Fields {
    return {
      ...this.#mediaAttributes(),
      ...(this.#chance(0.3) ? { name: this.#value() } : {}),
      ...(this.#chance(0.3) ? { section_id: this.#section() } : {}),
    };
  }

  /** The types of medias are not changed by anybody, and nothing is sent to them that they do not have. */
  #mediaAttributes(): Fields {
    const { 'attributes.New': _new, 'attributes.Added': _added, ...fields } = this.#attributes(0.5);
    return Object.keys(fields).length > 0 ? fields : { 'attributes.A': this.#value() };
  }

  /** At least one attribute; some of them none that there is, and some that are refused whatever they hold. */
  #attributes(share: number): Fields {
    const fields: Fields = { 'attributes.A': this.#attribute() };
    for (const name of ['B', 'Old', 'New', 'Added', 'Poison']) {
      const rare = { B: 1, Old: 0.3, New: 0.08, Added: 0.1, Poison: 0.05 }[name] ?? 0;
      if (this.#chance(share * rare))
        fields[`attributes.${name}`] = name === 'Poison' ? this.#value() : this.#attribute();
    }
    if (this.#chance(0.3) && Object.keys(fields).length > 1) delete fields['attributes.A'];
    return fields;
  }

  #attribute(): Json {
    return this.#chance(0.06) ? null : this.#value();
  }

  /** No two are the same; some hold what a careless server would not store as it is. */
  #value(): string {
    this.#values += 1;
    const odd = this.#chance(0.15)
      ? pick(["'", '%', '%%', '"', '\\', '\n', '\t', 'ø', '🐟'], this.#random)
      : '';
    return `v${this.#values}${odd}`;
  }

  #box(): Json {
    const part = (): number => Math.round(this.#random() * 50) / 100;
    return { kind: 'box', x: part(), y: part(), width: 0.01 + part(), height: 0.01 + part() };
  }

  #members(): number[] {
    return this.#chance(0.2) ? [] : this.#some(slots.localization);
  }

  #mark(canBeUnnamed: boolean): NamedMark {
    if (canBeUnnamed && this.#chance(0.4)) return 'unnamed';
    return this.#chance(0.75) ? 'current' : this.#chance(0.8) ? 'older' : 'none-such';
  }

  /** Of a create: seldom one that was used before, for the same request or another. */
  #key(): number | null {
    if (this.#chance(0.4)) return null;
    if (this.#keys > 0 && this.#chance(0.1)) return this.#below(this.#keys);
    return this.#keys++;
  }

  #sometimesAgain(create: Step & { key: number | null }): Step {
    if (create.key === null) return create;
    if (this.#keyed.length > 0 && this.#chance(0.35)) return pick(this.#keyed, this.#random);
    this.#keyed.push(create);
    return create;
  }

  #told(): number | null {
    return this.#chance(0.4) ? this.#below(1000) : null;
  }

  #section(): 1 | 2 | null {
    return pick([1, 2, null], this.#random);
  }

  #version(): 1 | 2 {
    return this.#chance(0.8) ? 1 : 2;
  }

  #element(): ElementRef {
    const kind = this.#chance(0.75) ? 'localization' : 'state';
    return { kind, slot: this.#below(slots[kind]), version: this.#version() };
  }

  #elements(kind: Kind): ElementRef[] {
    const version = this.#version();
    return this.#some(slots[kind]).map((slot) => ({ kind, slot, version }));
  }

  /** One or more different numbers. */
  #some(below: number): number[] {
    const all = Array.from({ length: below }, (_, i) => i);
    const chosen = all.filter(() => this.#chance(0.5));
    return chosen.length > 0 ? chosen : [this.#below(below)];
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)]!;
}

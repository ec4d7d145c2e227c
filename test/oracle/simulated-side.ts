import type { Fields } from '../../src/domain/fields.ts';
import { entityKey, type EntityKey } from '../../src/domain/identity.ts';
import type { ServerRow } from '../../src/sync/ports.ts';
import { calm, Life } from '../simulation/faults.ts';
import { SimulatedTator } from '../simulation/simulated-tator.ts';
import { FaultyPort } from '../simulation/tator-port.ts';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { EngineUser, ids, mediaKeyOf, type Context, type Names, type Seen, type Side } from './side.ts';
import { isEngineStep, type ElementRef, type NewAnnotation, type RestStep, type Step } from './steps.ts';
import { ToldChanges } from './told-changes.ts';

const asker = { user: ids.others, ghost: false };
const done: Seen = { status: 'done' };

/** The simulated Tator with all faults off, on a clock of its own. */
export class SimulatedSide implements Side {
  readonly medias = new Map<number, number>();
  readonly tator: SimulatedTator;
  readonly #time = new VirtualTime(1_700_000_000_000);
  readonly #names: Names;
  readonly #engine: EngineUser;
  readonly #told: ToldChanges;
  readonly #port: (user: number) => FaultyPort;
  /** Elements that the last step has rewritten in place without moving their clocks. */
  #silent: EntityKey[] = [];

  private constructor(names: Names) {
    this.#names = names;
    this.tator = new SimulatedTator(() => this.#time.now(), { mostNamed: Infinity });
    this.#port = (user) => {
      const life = new Life(() => undefined);
      life.weather = calm;
      const traffic = { requests: 0, trace: 0 };
      return new FaultyPort({ tator: this.tator, life, time: this.#time, user, traffic, kind: 'hub' });
    };
    this.#engine = new EngineUser(this.#port(ids.annotator), names, this.medias);
    this.#told = new ToldChanges(this.#port(ids.annotator), mediaKeyOf(names, this.medias));
  }

  static async make(names: Names): Promise<SimulatedSide> {
    const side = new SimulatedSide(names);
    await side.#inTime(() => side.#told.begin());
    return side;
  }

  async perform(step: Step, context: Context): Promise<Seen> {
    if (step.act !== 'list') this.#silent = [];
    return this.#inTime(() => this.#later(step, context));
  }

  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    const answered = new Promise<T>((resolve, reject) => {
      this.#time.start(() => work().then(resolve, reject));
    });
    const [result] = await Promise.all([answered, this.#time.drain()]);
    return result;
  }

  changes(): Promise<Set<string>> {
    return this.#inTime(() => this.#told.next());
  }

  /** What is current of an element. */
  current(element: ElementRef): ServerRow | null {
    return this.tator.current(this.#keyOf(element));
  }

  /** Lets the edits of the last step move the clocks after all. */
  moveClocks(): void {
    for (const key of this.#silent) this.tator.rewrite(key, {}, true);
    this.#silent = [];
  }

  /** No two steps are at one time. */
  async #later(step: Step, context: Context): Promise<Seen> {
    await this.#time.sleep(10);
    return this.#answer(step, context);
  }

  async #answer(step: Step, context: Context): Promise<Seen> {
    if (isEngineStep(step)) return this.#engine.perform(step, context);
    switch (step.act) {
      case 'post':
        return this.#post(step.specs);
      case 'edit media':
        return new EngineUser(this.#port(ids.others), this.#names, this.medias).perform(
          { ...step, act: 'patch media' },
          context,
        );
      default:
        return this.#rest(step, context);
    }
  }

  /** A POST of others: the same as the engine's, under their name. */
  #post(specs: NewAnnotation[]): Promise<Seen> {
    const others = new EngineUser(this.#port(ids.others), this.#names, this.medias);
    const kind = specs[0]?.element.kind ?? 'localization';
    return others.perform(
      { act: 'create', kind, specs, key: null },
      { mark: null, after: null, since: null },
    );
  }

  #rest(step: Exclude<RestStep, { act: 'post' | 'edit media' }>, { mark }: Context): Seen {
    const { tator } = this;
    switch (step.act) {
      case 'edit':
        return this.#edit(step, mark);
      case 'edit in place': {
        const row = this.current(step.element);
        if (row === null) return { status: 'not-found' };
        if (this.#refuses(step.fields)) return { status: 'rejected' };
        tator.rewrite(this.#keyOf(step.element), { fields: { ...row.fields, ...step.fields } }, true);
        return this.#echo(step.element);
      }
      case 'bulk edit':
        return this.#bulkEdit(step);
      case 'remove':
        return tator.tombstone(this.#keyOf(step.element), asker) === null ? { status: 'not-found' } : done;
      case 'bulk remove':
        for (const row of this.#visible(step.elements)) {
          if (step.inPlace) this.#rewriteSilently(row, { deleted: true });
          else tator.tombstone(entityKey(row.ref), asker);
        }
        return done;
      case 'prune': {
        const there = this.current(step.element) !== null;
        tator.prune(this.#keyOf(step.element), { whole: step.whole });
        return there || step.whole ? done : { status: 'not-found' };
      }
      case 'shown':
        return { status: 'done', told: this.#visible(step.elements).map(({ rowId }) => rowId) };
      case 'rename attribute':
        return this.#onTypes(tator.rename());
      case 'delete attribute':
        return this.#onTypes(tator.deleteAttribute('attributes.B'));
      case 'add attribute':
        return this.#onTypes(tator.addAttribute('attributes.Added', step.value));
    }
  }

  #edit({ element, pedantic, fields }: Extract<RestStep, { act: 'edit' }>, mark: number | null): Seen {
    const current = this.current(element);
    if (current === null) return { status: 'not-found' };
    if (mark !== null && !this.tator.hasMark(this.#keyOf(element), mark)) return { status: 'not-found' };
    if (pedantic && mark !== null && mark !== current.mark) return { status: 'stale-mark' };
    if (this.#refuses(fields)) return { status: 'rejected' };
    this.tator.patch(current, fields, asker);
    return this.#echo(element);
  }

  #bulkEdit({ elements, fields, inPlace }: Extract<RestStep, { act: 'bulk edit' }>): Seen {
    const rows = this.#visible(elements);
    if (rows.length > 0 && this.#refuses(fields)) return { status: 'rejected' };
    if (new Set(rows.map(({ type }) => type)).size > 1) return { status: 'rejected' };
    for (const row of rows) {
      if (inPlace) this.#rewriteSilently(row, { fields: { ...row.fields, ...fields } });
      else this.tator.patch(row, fields, asker);
    }
    return done;
  }

  #rewriteSilently({ ref }: ServerRow, over: Partial<Pick<ServerRow, 'fields' | 'deleted'>>): void {
    this.tator.rewrite(entityKey(ref), over, false);
    this.#silent.push(entityKey(ref));
  }

  /** What an edit answers; a state's names neither media nor members, and is looked up by who wants them. */
  #echo(element: ElementRef): Seen {
    const row = this.current(element);
    return element.kind === 'state' || row === null ? done : { status: 'done', rows: [row] };
  }

  #onTypes(isDone: boolean): Seen {
    return isDone ? done : { status: 'rejected' };
  }

  /** The rows that a selection by elemental ids finds, in the order of a list. */
  #visible(elements: ElementRef[]): ServerRow[] {
    return elements
      .flatMap((element) => this.current(element) ?? [])
      .filter(({ deleted }) => !deleted)
      .sort((a, b) => a.rowId - b.rowId);
  }

  #refuses(fields: Fields): boolean {
    return Object.keys(fields).some((field) => this.tator.refuses(field));
  }

  #keyOf(element: ElementRef): EntityKey {
    return entityKey(this.#names.refOf(element));
  }
}

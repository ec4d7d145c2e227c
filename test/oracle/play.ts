import { differenceOf } from './compare.ts';
import { HubSide } from './hub-side.ts';
import type { Crew } from './hub-project.ts';
import { Pairs } from './pairs.ts';
import { quirks, type Difference } from './quirks.ts';
import { Names, type Context, type Seen } from './side.ts';
import { SimulatedSide } from './simulated-side.ts';
import { missing } from './told-changes.ts';
import type { ElementRef, Kind, ListStep, NamedMark, OracleScript, Step } from './steps.ts';
import type { TestHub } from '../support/hub.ts';

/** The hub that all scripts are played on, each in a project of its own. */
export interface Stage {
  hub: TestHub;
  crew: Crew;
  fetch: typeof fetch;
}

export interface Played {
  /** The first difference that no quirk explains; the script ends there. */
  difference: (Difference & { at: number }) | null;
  /** How often each quirk was met. */
  quirks: Map<string, number>;
}

const firstMedia: Step = {
  act: 'create media',
  media: 0,
  fields: { name: 'dive' },
  section: null,
  key: null,
};

/** Plays a script on both sides, step by step, and the lists that show what each step has left. */
export async function play(script: OracleScript, stage: Stage): Promise<Played> {
  const names = new Names(script.seed);
  const simulated = await SimulatedSide.make(names);
  const hub = await HubSide.make({ ...stage, names });
  const pairs = new Pairs();
  const met = new Map<string, number>();
  const steps = [firstMedia, ...script.steps, ...whole('localization'), ...whole('state')];
  const sent = new Set<Step>();
  for (const [at, wanted] of steps.entries()) {
    const repeated = sent.has(wanted);
    const step = repeated ? wanted : possible(wanted, simulated.medias);
    sent.add(step);
    const [mark, after, since] = [
      markOf(step, simulated),
      'after' in step ? step.after : null,
      sinceOf(step),
    ];
    const space = 'kind' in step ? step.kind : 'media';
    const row = after === null ? null : pairs.pair(space, after);
    const time = since === null ? null : pairs.pair('time', since);
    const contexts = [0, 1].map((side): Context => ({
      mark,
      after: row === null ? null : Number(row[side]),
      since: time === null ? null : String(time[side]),
    }));
    const difference = await compare({ step, repeated }, step, contexts);
    if (difference !== null) return { difference: { ...difference, at }, quirks: met };
    const untold = await compareFeeds({ step, repeated });
    if (untold !== null) return { difference: { ...untold, at }, quirks: met };
    for (const list of listsAfter(step)) {
      const later = await compare({ step, repeated }, list, [nothingNamed, nothingNamed]);
      if (later !== null) return { difference: { ...later, at }, quirks: met };
    }
  }
  return { difference: null, quirks: met };

  async function compare(cause: Cause, step: Step, contexts: Context[]): Promise<Difference | null> {
    const one = await simulated.perform(step, contexts[0] ?? nothingNamed);
    const other = await hub.perform(step, contexts[1] ?? nothingNamed);
    const difference = judge(cause, step, [one, other]);
    if (difference === null) return null;
    const known = Object.entries(quirks).find(([, quirk]) => quirk.explains(difference));
    if (known === undefined) return difference;
    const [name, quirk] = known;
    met.set(name, (met.get(name) ?? 0) + 1);
    quirk.heal?.(simulated, difference);
    // What that has told, the hub has told before.
    if (quirk.heal) await simulated.changes();
    // A request that was answered in another way is not sent again; what it has left is compared.
    if (step.act !== 'list' && quirk.without === undefined) return null;
    const again = quirk.heal ? await simulated.perform(step, contexts[0] ?? nothingNamed) : one;
    return judge(cause, step, [again, quirk.without?.(other) ?? other]);
  }

  /** Whatever the simulated feed tells, the hub's has to tell; that it names more does no harm. */
  async function compareFeeds(cause: Cause): Promise<Difference | null> {
    const told = await simulated.changes();
    const untold = missing(told, await hub.changes(told));
    const done: Seen = { status: 'done' };
    if (untold.length === 0) return null;
    return { ...cause, what: `not told: ${untold.join(', ')}`, simulated: done, hub: done };
  }

  function judge(cause: Cause, step: Step, [one, other]: [Seen, Seen]): Difference | null {
    const what = differenceOf(one, other, { pairs, kind: kindOf(step) });
    return what === null ? null : { ...cause, what, simulated: one, hub: other };
  }
}

type Cause = Pick<Difference, 'step' | 'repeated'>;

const nothingNamed: Context = { mark: null, after: null, since: null };

/** A media is made once: two of one elemental id could not be told apart. */
function possible(step: Step, medias: ReadonlyMap<number, number>): Step {
  if (step.act !== 'create media' || !medias.has(step.media)) return step;
  return { act: 'find media', media: step.media };
}

function markOf(step: Step, simulated: SimulatedSide): number | null {
  if (!('mark' in step)) return null;
  return markNumber(step.mark, simulated.current(step.element)?.mark ?? 0);
}

function markNumber(mark: NamedMark, current: number): number | null {
  switch (mark) {
    case 'unnamed':
      return null;
    case 'current':
      return current;
    case 'older':
      return Math.max(0, current - 1);
    case 'none-such':
      return current + 3;
  }
}

function sinceOf(step: Step): number | null {
  return step.act === 'list' ? step.since : null;
}

/** All marks of what a step was about, and of the states that may name it. */
function listsAfter(step: Step): ListStep[] {
  return [...touched(step)].map(([name, slots]) => {
    const [kind, version] = name.split('/') as [Kind, string];
    return { ...everything(kind), slots: [...slots], version: version === '1' ? 1 : 2 };
  });
}

function touched(step: Step): Map<string, Set<number>> {
  const elements: ElementRef[] =
    'element' in step
      ? [step.element]
      : 'elements' in step
        ? step.elements
        : 'specs' in step
          ? step.specs.map(({ element }) => element)
          : [];
  const groups = new Map<string, Set<number>>();
  for (const { kind, version, slot } of elements) {
    const name = `${kind}/${version}`;
    groups.set(name, (groups.get(name) ?? new Set()).add(slot));
  }
  return groups;
}

function everything(kind: Kind): ListStep {
  return {
    act: 'list',
    kind,
    after: null,
    since: null,
    medias: null,
    slots: null,
    version: null,
    allMarks: true,
    limit: 5000,
  };
}

/** What a script ends with. */
function whole(kind: Kind): Step[] {
  return [
    everything(kind),
    { ...everything(kind), allMarks: false },
    { act: 'list medias', after: null, limit: 100 },
  ];
}

function kindOf(step: Step): Kind {
  if ('kind' in step) return step.kind;
  return 'elements' in step ? (step.elements[0]?.kind ?? 'localization') : 'localization';
}

import { sameValue } from '../../src/domain/compare.ts';
import type { Fields } from '../../src/domain/fields.ts';
import type { EntityKey, MediaKey } from '../../src/domain/identity.ts';

/** Content by entity, as far as the driver wrote it; null where it is not to be there. */
export type Contents = ReadonlyMap<EntityKey, Fields | null>;

/** One command of the driver: what it finds and what it leaves of the entities that it touches. */
export interface Step {
  media: MediaKey;
  kind: 'apply' | 'undo';
  before: Contents;
  after: Contents;
}

export interface Fault {
  kind: 'lost' | 'doubled' | 'wrong';
  text: string;
}

/**
 * What the app has acknowledged as saved, kept in the driver's own process. One command at a time is
 * under way; what became of it when everything died is asked of the next start, once and for all.
 */
export class Ledger {
  acknowledged = 0;
  readonly #now = new Map<EntityKey, Fields | null>();
  /** Steps that undo would take back, oldest first, by media. */
  readonly #history = new Map<MediaKey, Step[]>();
  #underway: Step | null = null;

  get contents(): Contents {
    return this.#now;
  }

  get isUnderway(): boolean {
    return this.#underway !== null;
  }

  /** What the command under way touches: until it is settled, it may be there or not. */
  get underway(): ReadonlySet<EntityKey> {
    return new Set(this.#underway?.after.keys());
  }

  /** With its database a device has lost the undo of what a server had confirmed. */
  forgetHistory(): void {
    this.#history.clear();
  }

  /** Keys of what is there now, of one media. */
  undoable(media: MediaKey): Step | null {
    return this.#history.get(media)?.at(-1) ?? null;
  }

  begin(step: Step): void {
    this.#underway = step;
  }

  /** The command that is under way was acknowledged. */
  acknowledge(): void {
    this.#carryOut();
    this.acknowledged += 1;
  }

  /** Entities outside the command under way that `shown` does not have as they were acknowledged. */
  missing(shown: Contents): EntityKey[] {
    const open = this.underway;
    return [...this.#now].flatMap(([key, expected]) =>
      open.has(key) || isContent(expected, shown.get(key) ?? null) ? [] : [key],
    );
  }

  /** After a restart: the command that was under way has happened as a whole, or not at all. */
  settle(shown: Contents): Fault[] {
    const step = this.#underway;
    if (step === null) return [];
    const happened = holds(step.after, shown);
    const hasNot = holds(step.before, shown);
    if (happened) this.#carryOut();
    this.#underway = null;
    if (happened || hasNot) return [];
    return [{ kind: 'wrong', text: `half a command is shown: ${[...step.after.keys()].join(', ')}` }];
  }

  /** Where `shown` (everything that is there, on the device or on the hub) is not what was acknowledged. */
  faults(shown: Contents, where: 'on the device' | 'on the hub'): Fault[] {
    const faults: Fault[] = [];
    for (const [key, expected] of this.#now) {
      const actual = shown.get(key) ?? null;
      if (!isContent(expected, actual)) faults.push(faultOf(`${key} ${where}`, expected, actual));
    }
    for (const key of shown.keys()) {
      if (this.#now.has(key) || key.startsWith('media/')) continue;
      faults.push({ kind: 'wrong', text: `${key} ${where} was made by nobody` });
    }
    return faults;
  }

  #carryOut(): void {
    const step = this.#underway;
    if (step === null) throw new Error('no command is under way');
    this.#underway = null;
    for (const [key, content] of step.after) this.#now.set(key, content);
    const history = this.#history.get(step.media) ?? [];
    if (step.kind === 'undo') history.pop();
    else history.push(step);
    this.#history.set(step.media, history);
  }
}

function holds(contents: Contents, shown: Contents): boolean {
  return [...contents].every(([key, content]) => isContent(content, shown.get(key) ?? null));
}

/** Whether every field that the driver wrote has its value. */
function isContent(expected: Fields | null, actual: Fields | null): boolean {
  if (expected === null || actual === null) return expected === actual;
  return Object.entries(expected).every(([field, value]) => sameValue(value, actual[field]));
}

function faultOf(what: string, expected: Fields | null, actual: Fields | null): Fault {
  if (expected === null) return { kind: 'wrong', text: `${what} was deleted, and is there` };
  if (actual === null) return { kind: 'lost', text: `${what} is missing` };
  const differing = Object.entries(expected).filter(([field, value]) => !sameValue(value, actual[field]));
  const told = differing.map(
    ([field, value]) => `${field} is ${JSON.stringify(actual[field])}, not ${JSON.stringify(value)}`,
  );
  return { kind: 'lost', text: `${what}: ${told.join('; ')}` };
}

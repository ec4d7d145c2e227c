import { seededRandom, type Random } from '../../src/base/random.ts';
import { calm, rough, type Weather } from './faults.ts';

export type Act =
  /** A round of the engine in bad weather. */
  | 'round'
  /** A command of the user: creates, changes, deletes. */
  | 'edit'
  | 'undo'
  /** The user answers his conflicts. */
  | 'decide'
  | 'retry'
  | 'discard'
  /** A media file is dropped on the window. */
  | 'media'
  | 'sign-in'
  /** SIGKILL, wherever it is. */
  | 'kill'
  /** The clock of the device jumps. */
  | 'clock'
  /** Somebody edits through plain REST. */
  | 'rest'
  /** Somebody rewrites rows where they are, or removes them without a trace. */
  | 'sly'
  | 'rename'
  | 'backup'
  | 'restore'
  /** An administrator changes what a user may do in the project. */
  | 'permission'
  /** Somebody edits or deletes at once whatever a query finds. */
  | 'bulk'
  /** An administrator deletes an attribute of all types, or adds one with a default. */
  | 'attribute';

/** One thing that happens; all its choices follow from its own seed, so that a step can be left out. */
export interface Step {
  /** ms after the beginning */
  at: number;
  act: Act;
  device: number;
  seed: number;
}

/**
 * A Tator as it is; a hub with its extensions; and a server between them, whose refusals are about the
 * request and which knows no keys.
 */
export type ServerKind = 'stock' | 'hub' | 'exact';

export interface Script {
  seed: number;
  server: ServerKind;
  devices: number;
  weather: Weather;
  /** Others change just that element which a PATCH of a device is about to change. */
  crowded?: boolean;
  /** The server deletes the members of a track together with it. */
  cascades?: boolean;
  /** Its users work on tracks most of all, and delete many. */
  tracks?: boolean;
  /** ms for which the feed of a hub may be held up. */
  feedLag?: number;
  /** A restore does not show in the feed of a hub. */
  secretRestores?: boolean;
  steps: Step[];
}

/** How often each act comes, out of their sum. */
const often: [Act, number][] = [
  ['round', 46],
  ['edit', 30],
  ['undo', 6],
  ['decide', 5],
  ['retry', 2],
  ['discard', 1],
  ['media', 1.5],
  ['sign-in', 2],
  ['kill', 5],
  ['clock', 0.7],
  ['rest', 8],
  ['sly', 2.5],
  ['rename', 0.3],
  ['backup', 0.8],
  ['restore', 0.6],
];
const sum = often.reduce((total, [, weight]) => total + weight, 0);

export const usualLength = 20;

/** What happens in the schedule of this seed. */
export function scriptOf(seed: number, length = usualLength): Script {
  const script = exchangeOf(seed, length);
  const random = seededRandom(Math.imul(seed, 0x85ebca6b) ^ 0x2c1b3c6d);
  const crowded = random() < 0.4;
  const steps = [
    ...script.steps,
    ...administrationOf(script, random),
    ...(crowded ? rushOf(script, random) : []),
  ].sort((a, b) => a.at - b.at);
  // A PATCH is raced much more often where others are at work on the same elements.
  const weather = crowded ? { ...script.weather, race: 0.4 } : script.weather;
  const cascades = random() < 0.5;
  const tracks = random() < 0.15;
  const feedLag = random() < 0.5 ? 0 : Math.round(4000 * random());
  return { ...script, weather, crowded, cascades, tracks, feedLag, secretRestores: random() < 0.3, steps };
}

/** The same without administrators and crowds: annotators, single edits of others, and the faults. */
export function exchangeOf(seed: number, length = usualLength): Script {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x51ed270b);
  const devices = random() < 0.12 ? 3 : 2;
  const weather = weatherOf(random);
  let at = 0;
  const steps = Array.from({ length }, (): Step => {
    at += pauseOf(random);
    return {
      at: Math.round(at),
      act: actOf(random() * sum),
      device: Math.floor(random() * devices),
      seed: Math.floor(random() * 2 ** 31),
    };
  });
  return { seed, server: kinds[Math.abs(seed) % kinds.length] ?? 'stock', devices, weather, steps };
}

/** Acts of administrators: some schedules have none, others up to six. */
const administration: readonly Act[] = [
  'permission',
  'permission',
  'permission',
  'bulk',
  'bulk',
  'attribute',
];

/** Each comes soon after another step, since most of the time nothing happens that it could hit. */
function administrationOf({ devices, steps }: Script, random: Random): Step[] {
  const count = Math.max(0, Math.floor(random() * 10) - 3);
  return Array.from({ length: count }, () => ({
    at: (steps[Math.floor(random() * steps.length)]?.at ?? 0) + Math.round(900 * random() ** 2),
    act: administration[Math.floor(random() * administration.length)] ?? 'bulk',
    device: Math.floor(random() * devices),
    seed: Math.floor(random() * 2 ** 31),
  }));
}

/** At the end most elements are on the server: now they are changed by several at a time. */
function rushOf({ devices, steps }: Script, random: Random): Step[] {
  let at = steps.at(-1)?.at ?? 0;
  return Array.from({ length: 10 }, () => {
    at += Math.round(1500 * random());
    return {
      at,
      act: random() < 0.5 ? ('edit' as const) : ('round' as const),
      device: Math.floor(random() * devices),
      seed: Math.floor(random() * 2 ** 31),
    };
  });
}

const kinds: readonly ServerKind[] = ['stock', 'hub', 'exact'];

function actOf(dice: number): Act {
  let left = dice;
  for (const [act, weight] of often) {
    left -= weight;
    if (left < 0) return act;
  }
  return 'round';
}

/** Mostly seconds, sometimes an hour at lunch. ms */
function pauseOf(random: () => number): number {
  const dice = random();
  if (dice < 0.35) return 400 * random();
  if (dice < 0.95) return 5000 * random();
  return 30 * 60_000 * random();
}

/** No two expeditions have the same link: each fault may be away, usual or frequent. */
function weatherOf(random: () => number): Weather {
  const weather = { ...calm };
  for (const name of Object.keys(rough) as (keyof Weather)[]) {
    const dice = random();
    weather[name] = rough[name] * (dice < 0.2 ? 0 : dice < 0.85 ? 1 : 2.5);
  }
  return { ...weather, crash: Math.max(weather.crash, rough.crash / 2) };
}

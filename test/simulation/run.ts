import { violations } from './invariants.ts';
import { scriptOf, type Script } from './script.ts';
import { shrink } from './shrink.ts';
import { World, type WorldOptions } from './world.ts';

export interface Outcome {
  violations: string[];
  crashes: number;
  /** Digest of all that went over the wire. */
  trace: number;
}

/** Runs one schedule to its end and holds it against every invariant. */
export async function runScript(script: Script, options: WorldOptions = {}): Promise<Outcome> {
  const world = new World(script, options);
  try {
    await world.run();
    const found = await violations(world);
    return { violations: found, crashes: world.crashes, trace: world.traffic.trace };
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { violations: [`never throws: ${what}`], crashes: world.crashes, trace: 0 };
  }
}

/** The smallest script that still breaks the same invariant. */
export function shrinkFailure(
  script: Script,
  violation: string,
  options: WorldOptions = {},
): Promise<Script> {
  const name = nameOf(violation);
  return shrink(script, async (one) =>
    (await runScript(one, options)).violations.some((other) => nameOf(other) === name),
  );
}

function nameOf(violation: string): string {
  return violation.slice(0, violation.indexOf(':'));
}

/**
 * The first seed from `from` on, of `count`, that breaks an invariant (that of the name `by`, if any); null if
 * none does. `length`: steps of a script.
 */
export async function firstFailure(
  { from, count, by, length }: { from: number; count: number; by?: string; length?: number },
  options: WorldOptions = {},
): Promise<{ seed: number; violations: string[] } | null> {
  for (let seed = from; seed < from + count; seed += 1) {
    const { violations: found } = await runScript(scriptOf(seed, length), options);
    const counted = by === undefined ? found : found.filter((violation) => nameOf(violation) === by);
    if (counted.length > 0) return { seed, violations: counted };
  }
  return null;
}

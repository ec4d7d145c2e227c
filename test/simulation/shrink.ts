import type { Script, Step } from './script.ts';

/**
 * The smallest script found that still fails: delta debugging over the steps (leave out ever smaller
 * runs of them), then over the weather (leave out each fault). `fails` says whether a script still
 * shows the same violation.
 */
export async function shrink(script: Script, fails: (script: Script) => Promise<boolean>): Promise<Script> {
  let smallest = script;
  for (
    let size = Math.ceil(script.steps.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < smallest.steps.length;) {
      const shorter = { ...smallest, steps: without(smallest.steps, from, size) };
      if (await fails(shorter)) smallest = shorter;
      else from += size;
    }
  }
  for (const fault of Object.keys(script.weather)) {
    const milder = { ...smallest, weather: { ...smallest.weather, [fault]: 0 } };
    if (await fails(milder)) smallest = milder;
  }
  return smallest;
}

function without(steps: Step[], from: number, count: number): Step[] {
  return [...steps.slice(0, from), ...steps.slice(from + count)];
}

/** The script as the test case that would keep it. */
export function asTestCase(script: Script, violation: string): string {
  const { steps, ...rest } = script;
  const lines = steps.map((step) => `      ${JSON.stringify(step)},`);
  return [
    `it('keeps every invariant: ${violation.replaceAll("'", '"').split(':')[0]}', async () => {`,
    `  const script: Script = {`,
    `    ...${JSON.stringify(rest)},`,
    `    steps: [`,
    ...lines,
    `    ],`,
    `  };`,
    `  expect((await runScript(script)).violations).toEqual([]);`,
    `});`,
  ].join('\n');
}

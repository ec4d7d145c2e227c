import type { Leaf } from '../../src/domain/entity-types.ts';
import { TaxonomyIndex } from '../../src/renderer/features/inspector/taxonomy.ts';
import type { Comparison } from './measure.ts';

const leafCount = 10_000;
const shown = 40;
const rounds = 40;
const typed = ['s', 'sp', 'spec', 'species7', 'genus4 species7'];

/** The labels offered while one types a species, against filtering and sorting the list each time. */
export async function compareLabels(): Promise<Comparison[]> {
  const leaves = Array.from({ length: leafCount }, (_, i) => leafOf(i));
  const index = new TaxonomyIndex(leaves);
  const [ours, plain]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    const [indexed, filtered] = [
      timed((text) => index.search(text, shown)),
      timed((text) => filter(leaves, text)),
    ];
    if (round === 0) continue; // warms up
    ours.push(indexed);
    plain.push(filtered);
  }
  return [
    {
      job: `Labels offered while ${typed.length} texts are typed, of ${leafCount}, ms`,
      ways: [
        { name: 'index of folded names (ours)', times: ours },
        { name: 'filter and sort each time', times: plain },
      ],
    },
  ];
}

function timed(search: (text: string) => unknown): number {
  const started = performance.now();
  for (const text of typed) search(text);
  return performance.now() - started;
}

function filter(leaves: readonly Leaf[], text: string): Leaf[] {
  return leaves
    .filter(({ name }) => name.toLocaleLowerCase().includes(text))
    .sort((a, b) => a.name.localeCompare(b.name))
    .slice(0, shown);
}

function leafOf(i: number): Leaf {
  return {
    id: i,
    key: `${i}`,
    type: 1,
    parent: null,
    path: '',
    name: `Genus${i % 97} species${i}`,
    attributes: {},
  };
}

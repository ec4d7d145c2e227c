import { readFile } from 'node:fs/promises';
import { startFailure } from '../errors.ts';

/** One node of the sample's label tree. */
export interface Taxon {
  name: string;
  rank: string;
  /** English name. */
  alias?: string;
  children?: Taxon[];
}

/** Beside the sources, and beside the bundle that is made of them. */
const places = [
  '../../../resources/sample/taxonomy.json',
  '../../resources/sample/taxonomy.json',
  '../resources/sample/taxonomy.json',
];

/** @throws StartFailure when the file did not come with the program. */
export async function readTaxonomy(): Promise<Taxon[]> {
  for (const place of places) {
    const text = await readFile(new URL(place, import.meta.url), 'utf8').catch(() => undefined);
    if (text !== undefined) return JSON.parse(text) as Taxon[];
  }
  throw startFailure('The sample taxonomy is missing from this installation.');
}

import { childPath } from '../leaf-paths.ts';
import type { AttributeType } from '../db/schema.ts';

/** Attribute definitions of the sample project; between them they use every dtype. */

const SPECIES_ROOT = childPath(childPath(undefined, 'Sample dives'), 'Animalia');

/** Of everything that is drawn, and of tracks. */
export function annotationAttributes(project: number): AttributeType[] {
  return [
    {
      name: 'Species',
      dtype: 'string',
      description: 'Taxon, from the tree',
      required: false,
      order: 0,
      default: '',
      autocomplete: {
        serviceUrl: `/rest/Leaves/Suggestion/${SPECIES_ROOT}/${project}`,
        match_any: true,
        mode: 'tator',
        minLevel: 2,
        useCommon: true,
      },
    },
    {
      name: 'Certainty',
      dtype: 'enum',
      description: 'How sure the identification is',
      choices: ['Certain', 'Probable', 'Guess'],
      labels: ['Certain', 'Probable', 'A guess'],
      default: 'Probable',
      required: false,
      order: 1,
    },
    { name: 'Count', dtype: 'int', minimum: 1, maximum: 10_000, default: 1, required: false, order: 2 },
    { name: 'Length cm', dtype: 'float', minimum: 0, maximum: 5_000, required: false, order: 3 },
    { name: 'Alive', dtype: 'bool', default: true, required: false, order: 4 },
    { name: 'Observed at', dtype: 'datetime', use_current: false, required: false, order: 5 },
    { name: 'Position', dtype: 'geopos', description: 'Longitude, latitude', required: false, order: 6 },
    { name: 'Comment', dtype: 'string', style: 'long_string', required: false, order: 7 },
    { name: 'Embedding', dtype: 'float_array', size: 4, required: false, order: -1 },
    { name: 'Raw record', dtype: 'blob', required: false, order: -2 },
  ];
}

export const mediaAttributes: AttributeType[] = [
  { name: 'Dive', dtype: 'string', required: false, order: 0 },
  {
    name: 'Platform',
    dtype: 'enum',
    choices: ['ROV', 'AUV', 'Drop camera', 'Diver'],
    default: 'ROV',
    required: false,
    order: 1,
  },
  { name: 'Depth m', dtype: 'float', minimum: 0, maximum: 11_000, required: false, order: 2 },
  { name: 'Start time', dtype: 'datetime', required: false, order: 3 },
  { name: 'Start position', dtype: 'geopos', required: false, order: 4 },
  { name: 'Reviewed', dtype: 'bool', default: false, required: false, order: 5 },
];

export const leafAttributes: AttributeType[] = [
  { name: 'alias', dtype: 'string', description: 'English name', required: false, order: 0 },
  { name: 'rank', dtype: 'string', description: 'Taxonomic rank', required: false, order: 1 },
];

export const speciesColors = {
  default: '#4cc9f0',
  key: 'Certainty',
  map: { Certain: '#43d17c', Probable: '#f4c95d', Guess: '#f2756a' },
};

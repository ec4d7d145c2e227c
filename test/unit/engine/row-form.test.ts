import { expect, it } from 'vitest';
import { printOfText, rowForm } from '../../../src/base/row-prints.ts';
import { localizationRow, stateRow } from '../../../src/engine/annotation-wire.ts';
import { row } from './wire-row.ts';

const nowhere = { x: null, y: null, width: null, height: null };
const drawings = [
  {},
  { width: null, height: null, u: 0.5, v: 0 },
  { width: null, height: null },
  { ...nowhere, points: [[0, 0.5]] },
  nowhere,
  // A line by its type, though it looks like a box.
  { type: 9 },
];
const attributes = { Species: 'Cod', Length: 12.5, Sizes: [1, 2], Sure: null };
const odd = { elemental_id: null, frame: null, attributes: null, variant_deleted: true, created_by: null };
const context = {
  keyOf: (id: number) => `media ${id}`,
  dtypeOf: (type: number) => (type === 9 ? ('line' as const) : undefined),
  memberOf: (id: number) => (id === 404 ? null : `element ${id}`),
};

/*
 * Rows that are known again by their prints are not made again. So whoever changes what is made of a row counts
 * up `rowForm`, and writes both numbers here: else devices keep what earlier versions have made.
 */
it('makes of a row what the form of this number says', () => {
  const localizations = [...drawings, { attributes }, odd].map((over) =>
    localizationRow({ ...row, ...over }, context),
  );
  const states = [{}, { attributes, localizations: [8, 404, 7, 8] }, odd].map((over) =>
    stateRow({ ...row, media: [5, 6], ...over }, context),
  );
  const made = [...localizations, ...states];
  expect({ rowForm, made: printOfText(JSON.stringify(made)) }).toEqual({ rowForm: 1, made: 858744115445989 });
});

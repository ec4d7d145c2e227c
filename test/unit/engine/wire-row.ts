/** A localization as a server lists it. */
export const ref = {
  kind: 'localization',
  version: 4,
  elementalId: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
} as const;
export const row = {
  id: 31,
  project: 1,
  type: 7,
  media: 5,
  version: 4,
  elemental_id: ref.elementalId,
  mark: 2,
  frame: 12,
  x: 0.1,
  y: 0.2,
  width: 0.3,
  height: 0.4,
  u: null,
  v: null,
  points: null,
  attributes: { Species: 'Cod' },
  variant_deleted: false,
  created_by: 1,
  modified_by: 2,
  modified_datetime: '2026-01-01T00:00:00.123Z',
};

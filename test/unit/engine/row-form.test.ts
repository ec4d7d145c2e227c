import { expect, it } from 'vitest';
import { rowForm } from '../../../src/base/row-prints.ts';
import { localizationRow } from '../../../src/engine/annotation-wire.ts';

/*
 * Rows that are told again by their prints are not made again. So whoever changes what is made of a row counts
 * up `rowForm` and the number here: else devices keep what earlier versions have made.
 */
it('makes of a row what the form of this number says', () => {
  const row = {
    id: 31,
    project: 1,
    type: 7,
    media: 5,
    version: 4,
    elemental_id: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
    mark: 2,
    frame: 12,
    x: 0.1,
    y: 0.2,
    width: 0.3,
    height: 0.4,
    u: null,
    v: null,
    points: null,
    attributes: { Species: 'Cod', Length: 12.5, Sizes: [1, 2], Sure: null },
    variant_deleted: null,
    parent: 3,
    created_by: 8,
    modified_by: 9,
    created_datetime: '2026-01-01T00:00:00.000Z',
    modified_datetime: '2026-01-01T00:00:00.123Z',
  };
  const drawings = [
    {},
    { x: 0.1, y: 0.2, width: null, height: null, u: 0.5, v: 0 },
    { width: null, height: null },
    { x: null, y: null, width: null, height: null, points: [[0, 0.5]] },
    { x: null, y: null, width: null, height: null },
  ].map((members) => ({ ...row, ...members }));
  const odd = {
    ...row,
    elemental_id: null,
    frame: null,
    attributes: null,
    variant_deleted: true,
    created_by: null,
  };
  const context = {
    keyOf: (id: number) => `media ${id}`,
    dtypeOf: (type: number) => (type === 9 ? ('line' as const) : undefined),
    memberOf: () => null,
  };
  const made = [...drawings, odd, { ...row, type: 9 }].map((one) => localizationRow(one, context));
  expect({ rowForm, made }).toMatchInlineSnapshot(`
    {
      "made": [
        {
          "createdBy": 8,
          "deleted": false,
          "fields": {
            "attributes.Length": 12.5,
            "attributes.Sizes": [
              1,
              2,
            ],
            "attributes.Species": "Cod",
            "attributes.Sure": null,
            "frame": 12,
            "geometry": {
              "height": 0.4,
              "kind": "box",
              "width": 0.3,
              "x": 0.1,
              "y": 0.2,
            },
          },
          "mark": 2,
          "media": "media 5",
          "modifiedAt": "2026-01-01T00:00:00.123Z",
          "modifiedBy": 9,
          "ref": {
            "elementalId": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
            "kind": "localization",
            "version": 4,
          },
          "rowId": 31,
          "type": 7,
        },
        {
          "createdBy": 8,
          "deleted": false,
          "fields": {
            "attributes.Length": 12.5,
            "attributes.Sizes": [
              1,
              2,
            ],
            "attributes.Species": "Cod",
            "attributes.Sure": null,
            "frame": 12,
            "geometry": {
              "kind": "line",
              "u": 0.5,
              "v": 0,
              "x": 0.1,
              "y": 0.2,
            },
          },
          "mark": 2,
          "media": "media 5",
          "modifiedAt": "2026-01-01T00:00:00.123Z",
          "modifiedBy": 9,
          "ref": {
            "elementalId": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
            "kind": "localization",
            "version": 4,
          },
          "rowId": 31,
          "type": 7,
        },
        {
          "createdBy": 8,
          "deleted": false,
          "fields": {
            "attributes.Length": 12.5,
            "attributes.Sizes": [
              1,
              2,
            ],
            "attributes.Species": "Cod",
            "attributes.Sure": null,
            "frame": 12,
            "geometry": {
              "kind": "dot",
              "x": 0.1,
              "y": 0.2,
            },
          },
          "mark": 2,
          "media": "media 5",
          "modifiedAt": "2026-01-01T00:00:00.123Z",
          "modifiedBy": 9,
          "ref": {
            "elementalId": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
            "kind": "localization",
            "version": 4,
          },
          "rowId": 31,
          "type": 7,
        },
        {
          "createdBy": 8,
          "deleted": false,
          "fields": {
            "attributes.Length": 12.5,
            "attributes.Sizes": [
              1,
              2,
            ],
            "attributes.Species": "Cod",
            "attributes.Sure": null,
            "frame": 12,
            "geometry": {
              "kind": "poly",
              "points": [
                [
                  0,
                  0.5,
                ],
              ],
            },
          },
          "mark": 2,
          "media": "media 5",
          "modifiedAt": "2026-01-01T00:00:00.123Z",
          "modifiedBy": 9,
          "ref": {
            "elementalId": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
            "kind": "localization",
            "version": 4,
          },
          "rowId": 31,
          "type": 7,
        },
        {
          "createdBy": 8,
          "deleted": false,
          "fields": {
            "attributes.Length": 12.5,
            "attributes.Sizes": [
              1,
              2,
            ],
            "attributes.Species": "Cod",
            "attributes.Sure": null,
            "frame": 12,
            "geometry": {
              "kind": "none",
            },
          },
          "mark": 2,
          "media": "media 5",
          "modifiedAt": "2026-01-01T00:00:00.123Z",
          "modifiedBy": 9,
          "ref": {
            "elementalId": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
            "kind": "localization",
            "version": 4,
          },
          "rowId": 31,
          "type": 7,
        },
        {
          "createdBy": null,
          "deleted": true,
          "fields": {
            "frame": 0,
            "geometry": {
              "height": 0.4,
              "kind": "box",
              "width": 0.3,
              "x": 0.1,
              "y": 0.2,
            },
          },
          "mark": 2,
          "media": "media 5",
          "modifiedAt": "2026-01-01T00:00:00.123Z",
          "modifiedBy": 9,
          "ref": {
            "elementalId": "row-31",
            "kind": "localization",
            "version": 4,
          },
          "rowId": 31,
          "type": 7,
        },
        {
          "createdBy": 8,
          "deleted": false,
          "fields": {
            "attributes.Length": 12.5,
            "attributes.Sizes": [
              1,
              2,
            ],
            "attributes.Species": "Cod",
            "attributes.Sure": null,
            "frame": 12,
            "geometry": {
              "kind": "line",
              "u": 0,
              "v": 0,
              "x": 0.1,
              "y": 0.2,
            },
          },
          "mark": 2,
          "media": "media 5",
          "modifiedAt": "2026-01-01T00:00:00.123Z",
          "modifiedBy": 9,
          "ref": {
            "elementalId": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
            "kind": "localization",
            "version": 4,
          },
          "rowId": 31,
          "type": 9,
        },
      ],
      "rowForm": 1,
    }
  `);
});

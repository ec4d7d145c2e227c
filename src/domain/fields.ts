import type { Json } from '../base/json.ts';

/**
 * The content of an entity as the units that merge on their own: `geometry` is one unit (a box is
 * not half mine and half yours), `frame` another, each attribute its own under
 * `attributes.<name>`, and the members of a state one set each (`localizations`, `media`: sorted
 * elemental ids). A key that is absent and a key that is null differ: absent = never set.
 */
export type Fields = Record<string, Json>;

export const ATTRIBUTE_PREFIX = 'attributes.';

export function attributeField(name: string): string {
  return ATTRIBUTE_PREFIX + name;
}

/** Name of the attribute that a field stands for, or null for any other field. */
export function attributeName(field: string): string | null {
  return field.startsWith(ATTRIBUTE_PREFIX) ? field.slice(ATTRIBUTE_PREFIX.length) : null;
}

/** The attributes among the fields, by their plain names. */
export function attributesOf(fields: Fields): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([field, value]) => {
      const name = attributeName(field);
      return name === null ? [] : [[name, value]];
    }),
  );
}

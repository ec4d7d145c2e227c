import type { EntityType } from './entity-types.ts';
import { attributesOf, type Fields } from './fields.ts';

/**
 * What a person would call an annotation: its species (the first text that is completed while typing),
 * else its first text or choice. Null where that is empty.
 */
export function labelOf(
  { attribute_types: types }: Pick<EntityType, 'attribute_types'>,
  fields: Fields,
): string | null {
  const species = types.find(({ dtype, autocomplete }) => dtype === 'string' && autocomplete);
  const named = species ?? types.find(({ dtype }) => dtype === 'string' || dtype === 'enum');
  const value = named === undefined ? undefined : attributesOf(fields)[named.name];
  return typeof value === 'string' && value !== '' ? value : null;
}

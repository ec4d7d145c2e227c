import type { Json } from '../base/json.ts';
import type { StateType } from './entity-types.ts';
import type { Fields } from './fields.ts';

/** Whether the field holds a set of elemental ids, which merges element by element. */
export function isSetField(field: string): boolean {
  return field === 'localizations' || field === 'media';
}

/** The elemental ids of a set field; empty where there is none. */
export function membersOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
}

/** The localizations that a state names. */
export function stateMembers(fields: Fields): string[] {
  return membersOf(fields.localizations);
}

/**
 * The state types that are known to leave the members of a state behind when it is deleted. Of a type that an
 * older program stored it is not known.
 */
export function keepingMembers(types: readonly StateType[]): ReadonlySet<number> {
  return new Set(types.flatMap((type) => (type.delete_child_localizations === false ? [type.id] : [])));
}

/** Theirs, with what mine adds to the base and without what mine takes from it. Sorted. */
export function mergedSet(
  base: Json | undefined,
  { mine, theirs }: { mine: Json | undefined; theirs: Json | undefined },
): string[] {
  const before = new Set(membersOf(base));
  const wanted = new Set(membersOf(mine));
  const kept = membersOf(theirs).filter((id) => wanted.has(id) || !before.has(id));
  const added = [...wanted].filter((id) => !before.has(id));
  return [...new Set([...kept, ...added])].sort();
}

/** The fields of a state that names these members as well. */
export function withMembers(fields: Fields, members: readonly string[]): Fields {
  if (members.length === 0) return fields;
  return { ...fields, localizations: mergedSet([], { mine: [...members], theirs: fields.localizations }) };
}

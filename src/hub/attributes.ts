import type { Attributes, AttributeType } from './db/schema.ts';
import { badRequest } from './errors.ts';

/** Always allowed on media, defined or not: the section of old clients. */
export const SECTION_ATTRIBUTE = 'tator_user_sections';

export interface CreateOptions {
  /** Milliseconds since the epoch, for `use_current`. */
  now: number;
  /** Names that need no definition and are stored as given. */
  alsoAllowed?: readonly string[];
}

/**
 * Attributes of a new object: given values converted, absent ones from the default or `use_current`,
 * names without a definition dropped (edits refuse them).
 * @throws HubError 400 for a value that does not fit, or a required one that is missing.
 */
export function attributesForCreate(
  types: readonly AttributeType[],
  given: Attributes | null | undefined,
  { now, alsoAllowed = [] }: CreateOptions,
): Attributes {
  const result: Attributes = {};
  for (const type of types) {
    const value = given?.[type.name];
    if (given && Object.hasOwn(given, type.name) && value !== undefined) {
      result[type.name] = convertAttribute(type, value);
    } else if (type.default !== undefined && type.default !== null) {
      result[type.name] = type.default;
    } else if (type.dtype === 'datetime' && type.use_current) {
      result[type.name] = new Date(now).toISOString();
    } else if (type.required) {
      throw badRequest(`The attribute "${type.name}" is required.`);
    }
  }
  for (const name of alsoAllowed) {
    if (given && Object.hasOwn(given, name)) result[name] = given[name];
  }
  return result;
}

export interface AttributeEdit {
  attributes?: Attributes | null | undefined;
  null_attributes?: readonly string[] | undefined;
  reset_attributes?: readonly string[] | undefined;
}

/**
 * The members that an edit changes, converted; to be merged over what is stored.
 * @throws HubError 400 for an unknown name or a value that does not fit.
 */
export function attributesForEdit(
  types: readonly AttributeType[],
  edit: AttributeEdit,
  alsoAllowed: readonly string[] = [],
): Attributes {
  const typeOf = (name: string): AttributeType => {
    const type = types.find((known) => known.name === name);
    if (!type) throw badRequest(`There is no attribute "${name}".`);
    return type;
  };
  const changes: Attributes = {};
  for (const name of edit.reset_attributes ?? []) changes[name] = typeOf(name).default ?? null;
  for (const name of edit.null_attributes ?? []) {
    changes[name] = typeOf(name).dtype === 'geopos' ? [-1, -1] : null;
  }
  for (const [name, value] of Object.entries(edit.attributes ?? {})) {
    changes[name] = alsoAllowed.includes(name) ? value : convertAttribute(typeOf(name), value);
  }
  return changes;
}

/**
 * One value in the form that is stored.
 * @throws HubError 400
 */
export function convertAttribute(type: AttributeType, value: unknown): unknown {
  switch (type.dtype) {
    case 'bool':
      return toBool(type, value);
    case 'int':
      return withinLimits(type, Math.trunc(toNumber(type, value)));
    case 'float':
      return withinLimits(type, toNumber(type, value));
    case 'enum':
      if (typeof value === 'string' && (type.choices ?? []).includes(value)) return value;
      throw unfit(type, value, `one of ${(type.choices ?? []).join(', ')}`);
    case 'datetime':
      return toDateTime(type, value);
    case 'geopos':
      return toPosition(type, value);
    case 'float_array':
      if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return value;
      throw unfit(type, value, 'a list of numbers');
    case 'string':
    case 'blob':
      return value;
  }
}

function unfit(type: AttributeType, value: unknown, wanted: string): Error {
  const shown = JSON.stringify(value).slice(0, 80);
  return badRequest(`The value ${shown} of the attribute "${type.name}" is not ${wanted}.`);
}

function toBool(type: AttributeType, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (text === 'true' || text === 'false') return text === 'true';
  throw unfit(type, value, 'true or false');
}

function toNumber(type: AttributeType, value: unknown): number {
  const number =
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    (typeof value === 'string' && value.trim() !== '')
      ? Number(value)
      : Number.NaN;
  if (Number.isFinite(number)) return number;
  throw unfit(type, value, 'a number');
}

function withinLimits(type: AttributeType, number: number): number {
  if (type.minimum !== undefined && number < type.minimum)
    throw unfit(type, number, `at least ${type.minimum}`);
  if (type.maximum !== undefined && number > type.maximum)
    throw unfit(type, number, `at most ${type.maximum}`);
  return number;
}

/** ISO 8601 stays as written (`Z` as `+00:00`, a naive time stays naive); other forms become UTC. */
function toDateTime(type: AttributeType, value: unknown): string {
  const iso = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;
  if (typeof value === 'string' && !Number.isNaN(Date.parse(value.replace(' ', 'T')))) {
    return iso.test(value) ? value.replace(' ', 'T').replace(/z$/i, '+00:00') : new Date(value).toISOString();
  }
  if (typeof value === 'string' && !Number.isNaN(Date.parse(value))) return new Date(value).toISOString();
  throw unfit(type, value, 'a date and time');
}

function toPosition(type: AttributeType, value: unknown): [number, number] {
  const wanted = 'a position [longitude, latitude]';
  let pair: unknown[] = [];
  if (Array.isArray(value)) pair = value as unknown[];
  else if (typeof value === 'string')
    pair = value
      .split('_')
      .map((part) => (part.trim() === '' ? NaN : Number(part)))
      .reverse();
  const [lon, lat] = pair;
  const valid =
    pair.length === 2 &&
    typeof lon === 'number' &&
    typeof lat === 'number' &&
    Math.abs(lon) <= 180 &&
    Math.abs(lat) <= 90;
  if (!valid) throw unfit(type, value, wanted);
  return [lon, lat];
}

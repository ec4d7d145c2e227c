import type { Json } from '../base/json.ts';
import { attributeField, attributeName, type Fields } from '../domain/fields.ts';
import type { Geometry, LocalizationDtype } from '../domain/geometry.ts';
import { garbled } from './failures.ts';

/** A member of an answer that was not looked at yet. */
export type Wire = Record<string, unknown>;

export function asRecord(value: unknown, what: string): Wire {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw garbled(`${what} is no object`);
  return value as Wire;
}

export function asList(value: unknown, what: string): Wire[] {
  if (!Array.isArray(value)) throw garbled(`${what} is no list`);
  return value.map((item) => asRecord(item, what));
}

export function asId(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw garbled(`${what} is no id`);
  return value;
}

export function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
}

export function idOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** The numbers of a list; none of what is no list. */
export function idsOf(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((id): id is number => typeof id === 'number') : [];
}

export function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

/** The attributes of a row as fields. */
export function attributeFields(value: unknown): Fields {
  const attributes =
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, Json>)
      : {};
  return Object.fromEntries(Object.entries(attributes).map(([name, one]) => [attributeField(name), one]));
}

/** The drawing of a localization row; `dtype` of its type, guessed from the members where it is not known. */
export function geometryFrom(row: Wire, dtype: LocalizationDtype | undefined): Geometry {
  const [x, y] = [row.x, row.y];
  const kind = dtype ?? guessedDtype(row);
  if (kind === 'poly') {
    return Array.isArray(row.points) && row.points.length > 0
      ? { kind, points: row.points as [number, number][] }
      : { kind: 'none' };
  }
  if (kind === null || typeof x !== 'number' || typeof y !== 'number') return { kind: 'none' };
  switch (kind) {
    case 'box':
      return { kind, x, y, width: numberOr(row.width, 0), height: numberOr(row.height, 0) };
    case 'line':
      return { kind, x, y, u: numberOr(row.u, 0), v: numberOr(row.v, 0) };
    case 'dot':
      return { kind, x, y };
  }
}

function guessedDtype(row: Wire): LocalizationDtype | null {
  if (Array.isArray(row.points) && row.points.length > 0) return 'poly';
  if (typeof row.u === 'number') return 'line';
  if (typeof row.width === 'number') return 'box';
  return typeof row.x === 'number' ? 'dot' : null;
}

/** The drawing as the members of a request. */
export function geometryMembers(geometry: Json): Wire {
  if (typeof geometry !== 'object' || geometry === null || Array.isArray(geometry)) return {};
  const { kind, ...members } = geometry;
  return kind === 'none' ? {} : members;
}

export interface AttributeMembers {
  attributes?: Record<string, Json>;
  null_attributes?: string[];
}

/** Attribute fields as the members of an edit: null is a wish of its own. */
export function attributeMembers(fields: Fields): AttributeMembers {
  const attributes: Record<string, Json> = {};
  const nulls: string[] = [];
  for (const [field, value] of Object.entries(fields)) {
    const name = attributeName(field);
    if (name === null) continue;
    if (value === null) nulls.push(name);
    else attributes[name] = value;
  }
  return {
    ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
    ...(nulls.length > 0 ? { null_attributes: nulls } : {}),
  };
}

/** Attributes of a create: what is null is not named. */
export function newAttributes(fields: Fields): Record<string, Json> {
  return attributeMembers(fields).attributes ?? {};
}

import type { Json } from '../../../base/json.ts';
import type { AttributeDefinition } from '../../../domain/entity-types.ts';
import { t } from '../../strings/t.ts';

/** What became of the text in a field: a value that may be saved, or why it may not. */
export type ParsedInput = { ok: true; value: Json } | { ok: false; error: string };

type Definition = Pick<
  AttributeDefinition,
  'dtype' | 'minimum' | 'maximum' | 'choices' | 'size' | 'required'
>;

const bad = (error: string): ParsedInput => ({ ok: false, error });
const good = (value: Json): ParsedInput => ({ ok: true, value });

/**
 * Text of a form field as a value of the attribute's dtype. Empty text means null, which only an
 * attribute that is not required may be.
 */
export function parseAttribute(definition: Definition, text: string): ParsedInput {
  const trimmed = text.trim();
  if (trimmed === '') return definition.required === true ? bad(t('field.required')) : good(null);
  switch (definition.dtype) {
    case 'bool':
      return good(trimmed === 'true');
    case 'int':
      return /^[+-]?\d+$/.test(trimmed) ? inRange(definition, Number(trimmed)) : bad(t('field.notInt'));
    case 'float': {
      const value = Number(trimmed);
      return Number.isFinite(value) ? inRange(definition, value) : bad(t('field.notNumber'));
    }
    case 'enum':
      return definition.choices?.includes(trimmed) === true ? good(trimmed) : bad(t('field.notChoice'));
    case 'datetime':
      return parseDate(trimmed);
    case 'geopos':
      return parseGeopos(trimmed);
    case 'float_array':
      return parseFloats(trimmed, definition.size);
    case 'string':
    case 'blob':
      return good(text);
  }
}

/** A stored value as the text of its field; inverse of `parseAttribute`. */
export function attributeText(
  definition: Pick<AttributeDefinition, 'dtype'>,
  value: Json | undefined,
): string {
  if (value === undefined || value === null) return '';
  if (definition.dtype === 'geopos' && Array.isArray(value)) return [...value].reverse().map(text).join(', ');
  if (Array.isArray(value)) return value.map(text).join(', ');
  return text(value);
}

function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function inRange({ minimum, maximum }: Definition, value: number): ParsedInput {
  if (minimum !== undefined && value < minimum) return bad(t('field.belowMin', { min: minimum }));
  if (maximum !== undefined && value > maximum) return bad(t('field.aboveMax', { max: maximum }));
  return good(value);
}

/** Without a zone the time is taken as UTC, as ships log it. */
function parseDate(text: string): ParsedInput {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:?\d\d)?)?$/i.exec(
    text,
  );
  if (match === null) return bad(t('field.notDate'));
  const date = new Date(`${match[1]}T${match[2] ?? '00:00'}${match[3] ?? 'Z'}`);
  return Number.isNaN(date.getTime()) ? bad(t('field.notDate')) : good(date.toISOString());
}

/** People write latitude first; the stored pair is longitude first. */
function parseGeopos(text: string): ParsedInput {
  const [lat, lon, ...rest] = text.split(/[\s,;]+/).map(Number);
  if (lat === undefined || lon === undefined || rest.length > 0) return bad(t('field.notGeopos'));
  if (!Number.isFinite(lat) || !Number.isFinite(lon)) return bad(t('field.notGeopos'));
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? good([lon, lat]) : bad(t('field.geoposRange'));
}

function parseFloats(text: string, size: number | undefined): ParsedInput {
  const numbers = text
    .replace(/^\[|\]$/g, '')
    .split(/[\s,;]+/)
    .filter((part) => part !== '')
    .map(Number);
  if (numbers.length === 0 || !numbers.every(Number.isFinite)) return bad(t('field.notFloats'));
  if (size !== undefined && numbers.length !== size) return bad(t('field.wrongSize', { size }));
  return good(numbers);
}

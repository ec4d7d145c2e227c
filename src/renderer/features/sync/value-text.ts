import type { Json } from '../../../base/json.ts';
import { syncStrings } from '../../strings/sync.en.ts';
import { DELETED_FIELD } from './field-label.ts';
import { geometryFrom, geometrySummary } from './geometry-summary.ts';

/** The value of a field in words, for reading only. `undefined` is a value that was never set. */
export function valueText(field: string, value: Json | undefined): string {
  const t = syncStrings.values;
  if (field === DELETED_FIELD) return value === true ? t.deleted : t.kept;
  if (value === undefined || value === null) return t.unset;
  if (field === 'localizations' && Array.isArray(value)) return t.members(value.length);
  const geometry = field === 'geometry' ? geometryFrom(value) : null;
  if (geometry !== null) return geometrySummary(geometry);
  switch (typeof value) {
    case 'boolean':
      return value ? t.yes : t.no;
    case 'string':
      return value === '' ? t.empty : value;
    case 'number':
      return String(value);
    default:
      return JSON.stringify(value);
  }
}

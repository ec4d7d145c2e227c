import type { Json } from '../../../base/json.ts';
import { sameValue } from '../../../domain/compare.ts';
import type { AttributeDefinition, Favorite } from '../../../domain/entity-types.ts';
import { t } from '../../strings/t.ts';
import { attributeText, parseAttribute, type ParsedInput } from './attribute-input.ts';

/** A value of a favorite that the type does not take, and why. */
export interface Misfit {
  attribute: string;
  reason: string;
}

/** What of a favorite can be applied: the type may have changed since it was saved. */
export interface Fit {
  /** By attribute name. */
  values: Record<string, Json>;
  misfits: Misfit[];
}

export function fitTo(definitions: readonly AttributeDefinition[], values: Record<string, Json>): Fit {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const fit: Fit = { values: {}, misfits: [] };
  for (const [attribute, value] of Object.entries(values)) {
    const checked = check(byName.get(attribute), value);
    if (checked.ok) fit.values[attribute] = checked.value;
    else fit.misfits.push({ attribute, reason: checked.error });
  }
  return fit;
}

function check(definition: AttributeDefinition | undefined, value: Json): ParsedInput {
  if (definition === undefined) return { ok: false, error: t('favorites.gone') };
  if (isFixed(definition)) return { ok: false, error: t('favorites.fixed') };
  const parsed = parseAttribute(definition, attributeText(definition, value));
  if (!parsed.ok || value === null || value === '') return parsed;
  return sameValue(parsed.value, value) ? parsed : { ok: false, error: t('favorites.kind') };
}

/** Shown, but not to be edited by hand. */
function isFixed({ style }: AttributeDefinition): boolean {
  return style?.split(' ').includes('disabled') ?? false;
}

/** Definitions that a form shows, in its order. */
export function shownDefinitions(definitions: readonly AttributeDefinition[]): AttributeDefinition[] {
  return definitions
    .filter(({ order, visible }) => (order ?? 0) >= 0 && visible !== false)
    .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0));
}

/** One value that a favorite can hold. */
export interface Keepable {
  attribute: string;
  value: Json;
  text: string;
}

/** What of an annotation's attributes can go into a favorite: what the user sees and has filled in. */
export function keepable(
  definitions: readonly AttributeDefinition[],
  attributes: Record<string, Json>,
): Keepable[] {
  return shownDefinitions(definitions)
    .filter((definition) => !isFixed(definition))
    .flatMap((definition) => {
      const value = attributes[definition.name] ?? null;
      return value === null || value === ''
        ? []
        : [{ attribute: definition.name, value, text: valueText(definition, value) }];
    });
}

function valueText(definition: Pick<AttributeDefinition, 'dtype'>, value: Json): string {
  if (typeof value === 'boolean') return t(value ? 'favorites.yes' : 'favorites.no');
  return attributeText(definition, value);
}

/** All values in one line, in the order of the form. */
export function summaryOf(definitions: readonly AttributeDefinition[], values: Record<string, Json>): string {
  const position = (name: string): number => {
    const at = shownDefinitions(definitions).findIndex((definition) => definition.name === name);
    return at < 0 ? Infinity : at;
  };
  const texts = Object.entries(values)
    .toSorted(([a], [b]) => position(a) - position(b))
    .flatMap(([name, value]) => {
      if (value === null || value === '') return [];
      const dtype = definitions.find((definition) => definition.name === name)?.dtype ?? 'string';
      const text = valueText({ dtype }, value);
      // A bare number or yes says nothing.
      return [typeof value === 'string' ? text : `${name}: ${text}`];
    });
  return texts.length === 0 ? t('favorites.noValues') : texts.join(' · ');
}

/** Those of a localization type by page, then in the order in which they were made. */
export function favoritesOf(favorites: readonly Favorite[], type: number): Favorite[] {
  const age = ({ id }: Favorite): number => (id === 0 ? Infinity : id);
  return favorites
    .filter((one) => one.entityTypeName === 'Localization' && one.type === type)
    .toSorted((a, b) => a.page - b.page || (age(a) === age(b) ? 0 : age(a) - age(b)));
}

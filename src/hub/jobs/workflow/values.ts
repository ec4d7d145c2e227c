import { badRequest } from '../../errors.ts';

/** Values by the names that stand between `{{` and `}}`. */
export type Values = Readonly<Record<string, string>>;

const placeholder = /\{\{([^{}]*)\}\}/g;

/** The names that a text needs. */
export function namesIn(text: string): string[] {
  return [...text.matchAll(placeholder)].map(([, name = '']) => name.trim());
}

/**
 * Replaces every `{{name}}`.
 * @throws HubError 400 for a name without a value
 */
export function fill(text: string, values: Values): string {
  return text.replace(placeholder, (_, inner: string) => {
    const name = inner.trim();
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw badRequest(`The workflow uses {{${name}}}, which has no value.`);
    return value;
  });
}

/** `item` and, of a map, `item.<key>`, as a loop gives them to its step. */
export function itemValues(item: unknown): Record<string, string> {
  const values: Record<string, string> = { item: plainText(item) };
  if (typeof item === 'object' && item !== null && !Array.isArray(item))
    for (const [key, value] of Object.entries(item)) values[`item.${key}`] = plainText(value);
  return values;
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

import { convertAttribute } from './attributes.ts';
import type { AttributeType } from './db/schema.ts';
import { badRequest } from './errors.ts';

/**
 * Definitions given with a new type, checked as the original checks them when they are added later:
 * names unique and without a leading `$`, choices for enums, a size for vectors, a default that fits.
 * @throws HubError 400
 */
export function checkDefinitions(given: readonly unknown[]): AttributeType[] {
  const names = new Set<string>();
  return given.map((item) => {
    const definition = checkDefinition(item);
    if (names.has(definition.name)) throw badRequest(`The attribute "${definition.name}" is defined twice.`);
    names.add(definition.name);
    return definition;
  });
}

/** @throws HubError 400 */
export function checkDefinition(item: unknown): AttributeType {
  const type = item as AttributeType;
  if (typeof type.name !== 'string' || type.name === '' || type.name.startsWith('$')) {
    throw badRequest('An attribute needs a name that does not begin with "$".');
  }
  if (type.dtype === 'enum' && !Array.isArray(type.choices))
    throw badRequest(`The enum "${type.name}" needs choices.`);
  if (type.dtype === 'float_array' && typeof type.size !== 'number') {
    throw badRequest(`The vector "${type.name}" needs a size.`);
  }
  const complete: AttributeType = { ...type, required: type.required ?? false, order: type.order ?? 0 };
  if (type.default === undefined || type.default === null) return complete;
  return { ...complete, default: convertAttribute(type, type.default) };
}

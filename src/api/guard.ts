import type { Operation } from '../contract/operation.ts';

/**
 * Keeps a call from touching more than was named. On a Tator server an empty id list is no filter,
 * and a bulk edit or delete without a filter is one of the whole project.
 */

const ID_LISTS = ['ids', 'elemental_ids', 'media_ids', 'localization_ids', 'state_ids', 'frame_state_ids'];

/** Why the call may select more than meant, or null when it may be sent. */
export function wideningOf(operation: Operation, args: Readonly<Record<string, unknown>>): string | null {
  const body = asObject(args.body);
  if (selects(operation)) {
    const empty = ID_LISTS.find((name) => isEmptyList(body[name]));
    if (empty !== undefined) return `body.${empty} is an empty list, which selects everything`;
  }
  if (operation.narrowedBy.length === 0) return null;
  return operation.narrowedBy.some((name) => narrows(valueAt(name, args, body)))
    ? null
    : `one of ${operation.narrowedBy.join(', ')} must be given, or everything is selected`;
}

/** Whether the body holds filters, where an empty list widens; elsewhere it is just empty. */
function selects(operation: Operation): boolean {
  return operation.method === 'PUT' || operation.narrowedBy.length > 0;
}

function valueAt(
  name: string,
  args: Readonly<Record<string, unknown>>,
  body: Readonly<Record<string, unknown>>,
): unknown {
  return name.startsWith('body.') ? body[name.slice('body.'.length)] : args[name];
}

function narrows(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !isEmptyList(value);
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

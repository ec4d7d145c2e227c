import type { ArgsOf } from '../contract/types.ts';
import { MAX_BATCH } from '../contract/shapes/lists.ts';
import type { CallOptions, TatorClient } from './client.ts';

/** Creates that take a list. Media are not among them: a list of those may lose some silently. */
export type BatchCreate = 'create_localization_list' | 'create_state_list' | 'create_leaf_list';

/** One item of such a list. */
export type ItemOf<Name extends BatchCreate> =
  ArgsOf<Name> extends { body: infer Body } ? Exclude<Body, readonly unknown[]> : never;

export interface Batch<Item> {
  items: readonly Item[];
  /** Row ids in the order of `items`. */
  ids: number[];
}

/**
 * Creates any number of items in calls of at most 500, one after the other. Yields after each call,
 * so that the caller can note what is done: when a later one fails, the earlier ones stay. Nothing
 * is sent again after a failure; look the elemental ids up first.
 */
export async function* createInBatches<Name extends BatchCreate>(
  client: Pick<TatorClient, 'call'>,
  name: Name,
  { project, items, size = MAX_BATCH }: { project: number; items: readonly ItemOf<Name>[]; size?: number },
  options: CallOptions = {},
): AsyncGenerator<Batch<ItemOf<Name>>, void, undefined> {
  const step = Math.max(1, Math.min(size, MAX_BATCH));
  for (let at = 0; at < items.length; at += step) {
    const batch = items.slice(at, at + step);
    const reply = (await client.call(name, { project, body: batch }, options)) as { id: number[] };
    yield { items: batch, ids: reply.id };
  }
}

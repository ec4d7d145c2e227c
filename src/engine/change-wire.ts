import type { ChangePage, ServerChange } from '../sync/ports.ts';
import { garbled } from './failures.ts';
import { asList, asRecord, idsOf, textOr, type Wire } from './wire.ts';

const kinds: readonly ServerChange['kind'][] = ['media', 'localization', 'state', 'leaf'];

/** A page of the hub's change feed; throws `TidemarkError` where it is none. */
export function changePageFrom(value: unknown): ChangePage {
  const { cursor, reset, more, changes } = asRecord(value, 'a page of changes');
  if (typeof cursor !== 'string' || cursor === '') throw garbled('changes without a cursor');
  return {
    cursor,
    reset: reset === true,
    more: more === true,
    changes: asList(changes, 'changes').flatMap(changeFrom),
  };
}

/** Kinds that a newer hub tells of and this program does not know are left out. */
function changeFrom({ kind, removed, ids, elemental_ids, media_ids, unnamed }: Wire): ServerChange[] {
  const known = kinds.find((one) => one === kind);
  if (known === undefined) return [];
  const elementalIds = Array.isArray(elemental_ids)
    ? elemental_ids.map((id) => textOr(id, '')).filter((id) => id !== '')
    : [];
  return [
    {
      ...{ kind: known, elementalIds, mediaIds: idsOf(known === 'media' ? ids : media_ids) },
      ...{ removed: removed === true, unnamed: unnamed === true },
    },
  ];
}

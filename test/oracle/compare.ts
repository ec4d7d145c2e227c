import { sameJson } from '../../src/base/json.ts';
import type { ServerMedia, ServerRow } from '../../src/sync/ports.ts';
import type { Pairs, Space } from './pairs.ts';
import type { Seen } from './side.ts';
import type { Kind } from './steps.ts';

/** In what two answers differ, in words; null where they are the same. What they tell anew is paired. */
export function differenceOf(
  simulated: Seen,
  hub: Seen,
  context: { pairs: Pairs; kind: Kind },
): string | null {
  if (simulated.status !== hub.status) return `status: ${simulated.status}, ${hub.status}`;
  const { pairs, kind } = context;
  return (
    compareLists(simulated.rows, hub.rows, (one, other) => compareRows(one, other, pairs)) ??
    compareLists(simulated.medias, hub.medias, (one, other) => compareMedias(one, other, pairs)) ??
    compareLists(simulated.told, hub.told, (one, other) => pairOf(pairs, kind, [one, other]))
  );
}

function compareLists<T>(
  simulated: readonly T[] = [],
  hub: readonly T[] = [],
  compare: (one: T, other: T) => string | null,
): string | null {
  if (simulated.length !== hub.length) return `length: ${simulated.length}, ${hub.length}`;
  for (const [i, one] of simulated.entries()) {
    const what = compare(one, hub[i]!);
    if (what !== null) return `${i}: ${what}`;
  }
  return null;
}

/** Prints are of bytes, which the simulated server has none of. */
function compareRows(one: ServerRow, other: ServerRow, pairs: Pairs): string | null {
  const { rowId, modifiedAt, print: _print, ...rest } = one;
  const { rowId: otherId, modifiedAt: otherAt, print: _otherPrint, ...otherRest } = other;
  return (
    compareMembers(rest, otherRest) ??
    pairOf(pairs, one.ref.kind === 'state' ? 'state' : 'localization', [rowId, otherId]) ??
    pairOf(pairs, 'time', [modifiedAt, otherAt])
  );
}

/** Sizes and rates of a media are not modelled: nothing was uploaded. */
function compareMedias(one: ServerMedia, other: ServerMedia, pairs: Pairs): string | null {
  const told = ({ key, type, name, sectionId, attributes }: ServerMedia): object => ({
    ...{ key, type, name, sectionId, attributes },
  });
  return compareMembers(told(one), told(other)) ?? pairOf(pairs, 'media', [one.serverId, other.serverId]);
}

function compareMembers(one: object, other: object): string | null {
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const [mine, theirs] = [(one as never)[name] as unknown, (other as never)[name] as unknown];
    if (!sameJson(mine, theirs)) return `${name}: ${JSON.stringify(mine)}, ${JSON.stringify(theirs)}`;
  }
  return null;
}

function pairOf<T extends number | string>(pairs: Pairs, space: Space, [one, other]: [T, T]): string | null {
  return pairs.match(space, one, other) ? null : `${space} is another one: ${one}, ${other}`;
}

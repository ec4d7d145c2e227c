import type { Table } from 'dexie';

/*
 * In a browser each request of IndexedDB costs some 0.2 ms of CPU, however little it reads. So many
 * keys are never asked for one by one: one request reads all keys of their span, and a second the
 * records, where there are any.
 */

/** Up to this many keys, a request for each is the cheaper way. */
const few = 6;
/** A record read in vain costs about this part of a request of its own. */
const wastePerHit = 20;

/** The records of these primary keys, in the order of the keys; undefined where there is none. */
export async function getMany<T, I>(table: Table<T, string, I>, keys: string[]): Promise<(T | undefined)[]> {
  const span = spanOf(keys);
  if (keys.length <= few || span === null) return keys.length === 0 ? [] : table.bulkGet(keys);
  const inSpan = table.where(':id').between(...span, true, true);
  const present = await inSpan.primaryKeys();
  const wanted = new Set(keys);
  const hits = present.filter((key) => wanted.has(key));
  if (hits.length === 0) return keys.map(() => undefined);
  const found = new Map<string, T | undefined>();
  if (present.length <= few || hits.length * wastePerHit < present.length) {
    const records = await table.bulkGet(hits);
    hits.forEach((key, i) => found.set(key, records[i]));
  } else {
    const records = await inSpan.toArray();
    present.forEach((key, i) => found.set(key, records[i]));
  }
  return keys.map((key) => found.get(key));
}

/** All records whose indexed `field` is one of the values; for records that are small. */
export async function whereAny<T, I>(
  table: Table<T, string, I>,
  field: keyof T & string,
  values: readonly string[],
): Promise<T[]> {
  const wanted = new Set(values);
  const span = spanOf(values);
  if (span === null) return [];
  if (wanted.size <= few) {
    const found = await Promise.all([...wanted].map((value) => table.where(field).equals(value).toArray()));
    return found.flat();
  }
  const records = await table
    .where(field)
    .between(...span, true, true)
    .toArray();
  return records.filter((record) => wanted.has(record[field] as string));
}

/** The lowest and the highest; strings compare in the same order as keys of IndexedDB. */
function spanOf(keys: readonly string[]): [string, string] | null {
  const [first] = keys;
  if (first === undefined) return null;
  let [low, high] = [first, first];
  for (const key of keys) {
    if (key < low) low = key;
    else if (key > high) high = key;
  }
  return [low, high];
}

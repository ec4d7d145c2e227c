/**
 * Runs `work` over the items in order, `lanes` at a time, until one of them says stop (returns false);
 * what has begun then is still waited for. The results of what began, in the order of the items.
 */
export async function inLanes<T, R>(
  items: readonly T[],
  { lanes, goesOn }: { lanes: number; goesOn: (result: R) => boolean },
  work: (item: T) => Promise<R>,
): Promise<{ item: T; result: R }[]> {
  const results: ({ item: T; result: R } | undefined)[] = [];
  let next = 0;
  let stopped = false;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length && !stopped; at = next++) {
      const item = items[at] as T;
      const result = await work(item);
      results[at] = { item, result };
      if (!goesOn(result)) stopped = true;
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  return results.filter((one) => one !== undefined);
}

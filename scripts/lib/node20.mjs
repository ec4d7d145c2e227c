/**
 * Vitest's reporter groups with `Map.groupBy`, which came with Node 21; on Node 20 a failing test would
 * end the reporter instead of being shown. Loaded with `--import` before the test runner.
 */
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
};
Object.groupBy ??= (items, keyOf) => Object.fromEntries(Map.groupBy(items, keyOf));

/** A copy without the named members. */
export function omit<T extends object, Name extends keyof T>(
  value: T,
  names: readonly Name[],
): Omit<T, Name> {
  const unwanted = new Set<PropertyKey>(names);
  return Object.fromEntries(Object.entries(value).filter(([name]) => !unwanted.has(name))) as Omit<T, Name>;
}

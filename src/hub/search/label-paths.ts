import { badRequest } from '../errors.ts';

/** Whether a path, labels joined by dots, fits a pattern. */
export type PathTest = (path: string) => boolean;

/** So many labels in a row that all fit. */
interface Part {
  fits: (label: string) => boolean;
  least: number;
  most: number;
}

const LONGEST = 1000;

/**
 * A pattern in the language of PostgreSQL's `lquery`, evaluated here, as paths are stored as text: items
 * joined by dots; `*` any number of labels, `{n}`, `{n,}`, `{n,m}` and `{,m}` after an item how many;
 * `a|b` either label, `!a` any other; after a label `@` any case, `*` any ending, `%` by whole words
 * (parts between `_`).
 * @throws HubError 400 for a pattern outside the language.
 */
export function pathTest(pattern: string): PathTest {
  if (pattern.length > LONGEST) throw badRequest('The path pattern is too long.');
  const parts = pattern.split(/\.(?![^{]*\})/).map(readPart);
  return (path) => matches(parts, path.split('.'));
}

/** The places reached after each part, from all places at once: no pattern makes this slow. */
function matches(parts: readonly Part[], labels: readonly string[]): boolean {
  let places = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    for (const place of places) reach(part, labels, place, next);
    places = next;
  }
  return places.has(labels.length);
}

function reach(
  { fits, least, most }: Part,
  labels: readonly string[],
  from: number,
  into: Set<number>,
): void {
  for (let count = 0; count <= most && from + count <= labels.length; count++) {
    if (count > 0 && !fits(labels[from + count - 1] ?? '')) return;
    if (count >= least) into.add(from + count);
  }
}

function readPart(text: string): Part {
  const found = /^(.*?)(?:\{(\d*)(,?)(\d*)\})?$/.exec(text);
  const [, item = '', least, comma, most] = found ?? [];
  const counted = least !== undefined;
  if (counted && least === '' && most === '') throw unreadable(text);
  if (item === '*') {
    if (!counted) return { fits: () => true, least: 0, most: Infinity };
    return { fits: () => true, ...times(least, comma, most) };
  }
  const negated = item.startsWith('!');
  const choices = (negated ? item.slice(1) : item).split('|').map(readLabel);
  const fits = (label: string): boolean => choices.some((test) => test(label)) !== negated;
  return counted ? { fits, ...times(least, comma, most) } : { fits, least: 1, most: 1 };
}

function times(
  least: string,
  comma: string | undefined,
  most: string | undefined,
): Pick<Part, 'least' | 'most'> {
  const low = Number(least || 0);
  if (!comma) return { least: low, most: low };
  return { least: low, most: most ? Number(most) : Infinity };
}

function readLabel(text: string): (label: string) => boolean {
  const found = /^([\p{L}\p{N}_-]+)([@*%]*)$/u.exec(text);
  const [, word = '', flags = ''] = found ?? [];
  if (!found) throw unreadable(text);
  const anyCase = flags.includes('@');
  const fold = (value: string): string => (anyCase ? value.toLowerCase() : value);
  const wanted = fold(word);
  const anyEnding = flags.includes('*');
  const same = (given: string, own: string): boolean => (anyEnding ? given.startsWith(own) : given === own);
  if (!flags.includes('%')) return (label) => same(fold(label), wanted);
  return (label) => {
    const words = fold(label).split('_');
    return wanted.split('_').every((own, place) => same(words[place] ?? '', own));
  };
}

function unreadable(text: string): Error {
  return badRequest(`"${text.slice(0, 60)}" cannot be read as part of a path pattern.`);
}

/**
 * A path whose beginning `old` is replaced, by whole labels; undefined when it does not begin so.
 */
export function withBeginning(path: string, old: string, next: string): string | undefined {
  if (path === old) return next;
  return path.startsWith(`${old}.`) ? `${next}${path.slice(old.length)}` : undefined;
}

import { en } from './en.ts';

export type StringKey = keyof typeof en;
type Texts = typeof en;

type ParamNames<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;
type Params<K extends StringKey> = Record<ParamNames<Texts[K]>, string | number>;
type PluralBase<K> = K extends `${infer Base}.one` ? Base : never;
export type PluralKey = PluralBase<StringKey>;

/** The text of a key with its `{names}` filled in; the compiler knows which names a key needs. */
export function t<K extends StringKey>(
  key: K,
  ...rest: [ParamNames<Texts[K]>] extends [never] ? [] : [Params<K>]
): string {
  return fill(en[key], rest[0] ?? {});
}

/** The plural form for `n`; `{n}` in the text is filled in as well. */
export function plural(key: PluralKey, n: number, more: Record<string, string | number> = {}): string {
  const form = n === 1 ? 'one' : 'other';
  return fill(en[`${key}.${form}` as StringKey], { n: formatInteger(n), ...more });
}

/** The text of a key that comes from stored data (a history label); `fallback` where it is unknown. */
export function textOf(
  key: string,
  fallback: StringKey,
  params: Record<string, string | number> = {},
): string {
  const known = Object.hasOwn(en, key) ? (key as StringKey) : fallback;
  return fill(en[known], params);
}

export function formatInteger(n: number): string {
  return n.toLocaleString('en-US');
}

function fill(text: string, params: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ''));
}

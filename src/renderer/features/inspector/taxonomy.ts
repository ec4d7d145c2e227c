import type { Leaf } from '../../../domain/entity-types.ts';

/** A leaf as the species box shows it. */
export interface Taxon {
  key: string;
  name: string;
  /** Common name, if any. */
  alias: string | null;
  /** Names from the root down to the parent. */
  lineage: string[];
}

interface Entry extends Taxon {
  nameKey: string;
  aliasKey: string;
}

export interface TaxonHits {
  items: Taxon[];
  /** How many more there are. */
  more: number;
}

/** The taxonomy made ready for search; build it once for each list of leaves. */
export class TaxonomyIndex {
  readonly #entries: Entry[];

  constructor(leaves: readonly Leaf[]) {
    const byKey = new Map(leaves.map((leaf) => [leaf.key, leaf]));
    this.#entries = leaves
      .map((leaf) => {
        const alias = aliasOf(leaf);
        return {
          key: leaf.key,
          name: leaf.name,
          alias,
          lineage: lineageOf(leaf, byKey),
          nameKey: fold(leaf.name),
          aliasKey: fold(alias ?? ''),
        };
      })
      .sort((a, b) => (a.nameKey < b.nameKey ? -1 : 1));
  }

  /** Names that begin with the text first, then common names, then words within, then anything that contains it. */
  search(query: string, limit: number): TaxonHits {
    const key = fold(query.trim());
    const ranks: Entry[][] = [[], [], [], []];
    for (const entry of this.#entries) {
      const rank = rankOf(entry, key);
      if (rank !== null) ranks[rank]?.push(entry);
    }
    const all = ranks.flat();
    return { items: all.slice(0, limit), more: Math.max(0, all.length - limit) };
  }

  find(name: string): Taxon | null {
    const key = fold(name);
    return this.#entries.find((entry) => entry.nameKey === key) ?? null;
  }
}

/** What a word within a name follows. */
const separators = ' \u00a0(-';

function rankOf({ nameKey, aliasKey }: Entry, key: string): number | null {
  const inName = nameKey.indexOf(key);
  if (inName === 0) return 0;
  const inAlias = aliasKey === '' ? -1 : aliasKey.indexOf(key);
  if (inAlias === 0) return 1;
  if (inName < 0 && inAlias < 0) return null;
  return beginsWord(nameKey, inName) || beginsWord(aliasKey, inAlias) ? 2 : 3;
}

function beginsWord(text: string, at: number): boolean {
  return at > 0 && separators.includes(text.charAt(at - 1));
}

function aliasOf(leaf: Leaf): string | null {
  const alias = leaf.attributes.alias;
  if (typeof alias === 'string' && alias !== '') return alias;
  return Array.isArray(alias) && alias.length > 0 ? alias.map(String).join(', ') : null;
}

function lineageOf(leaf: Leaf, byKey: Map<string, Leaf>): string[] {
  const names: string[] = [];
  const seen = new Set([leaf.key]);
  for (let key = leaf.parent; key !== null && !seen.has(key);) {
    seen.add(key);
    const parent = byKey.get(key);
    if (parent === undefined) break;
    names.unshift(parent.name);
    key = parent.parent;
  }
  return names;
}

/** Upper case and accents do not count. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

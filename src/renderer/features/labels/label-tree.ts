import type { Leaf } from '../../../domain/entity-types.ts';

/** A label in the tree as it is open now. */
export interface LabelRow {
  kind: 'label';
  leaf: Leaf;
  depth: number;
  /** How many are directly below it. */
  children: number;
  open: boolean;
  /** The search looks for it; what is only above such a one is shown as well. */
  found: boolean;
}

/** Labels of one type with what is below each; a label whose parent is not known stands at the top. */
export class LabelTree {
  readonly #byKey: ReadonlyMap<string, Leaf>;
  readonly #below = new Map<string | null, Leaf[]>();

  constructor(leaves: readonly Leaf[], type: number | null) {
    const own = leaves.filter((leaf) => leaf.type === type);
    this.#byKey = new Map(own.map((leaf) => [leaf.key, leaf]));
    const order = new Intl.Collator(undefined, { numeric: true });
    for (const leaf of own.toSorted((a, b) => order.compare(a.name, b.name))) {
      const parent = this.#parentOf(leaf)?.key ?? null;
      this.#below.set(parent, [...(this.#below.get(parent) ?? []), leaf]);
    }
  }

  get size(): number {
    return this.#byKey.size;
  }

  below(key: string | null): readonly Leaf[] {
    return this.#below.get(key) ?? [];
  }

  /** From the one right above it to the top. */
  above(leaf: Leaf): Leaf[] {
    const found: Leaf[] = [];
    const seen = new Set([leaf.key]);
    for (let at = this.#parentOf(leaf); at !== null && !seen.has(at.key); at = this.#parentOf(at)) {
      found.push(at);
      seen.add(at.key);
    }
    return found;
  }

  /** Whether `leaf` may lie below `parent`: not below itself. */
  mayMove(leaf: Leaf, parent: Leaf | null): boolean {
    if (parent === null) return leaf.parent !== null;
    const isBelow = parent.key === leaf.key || this.above(parent).some(({ key }) => key === leaf.key);
    return !isBelow && leaf.parent !== parent.key;
  }

  /** Where the label may be moved to, of those that hold the text; null stands for the top. */
  placesFor(leaf: Leaf, query: string): (Leaf | null)[] {
    const isTop = query.trim() === '' && this.mayMove(leaf, null);
    const found = this.search(query).rows.filter((row) => row.found && this.mayMove(leaf, row.leaf));
    return [...(isTop ? [null] : []), ...found.map((row) => row.leaf)];
  }

  /** The rows in their order, those only whose labels above are all `open`. */
  rows(open: ReadonlySet<string>): LabelRow[] {
    return this.#walk((leaf) => open.has(leaf.key));
  }

  /** The labels that hold the text in their name or common name, and what is above them. */
  search(query: string): { rows: LabelRow[]; found: number } {
    const wanted = fold(query.trim());
    const hits = new Set<string>();
    const shown = new Set<string>();
    for (const leaf of this.#byKey.values()) {
      if (!fold(`${leaf.name}\n${aliasOf(leaf) ?? ''}`).includes(wanted)) continue;
      hits.add(leaf.key);
      for (const { key } of [leaf, ...this.above(leaf)]) shown.add(key);
    }
    const rows = this.#walk(() => true, shown).map((row) => ({ ...row, found: hits.has(row.leaf.key) }));
    return { rows, found: hits.size };
  }

  #walk(isOpen: (leaf: Leaf) => boolean, shown?: ReadonlySet<string>): LabelRow[] {
    const rows: LabelRow[] = [];
    const add = (parent: string | null, depth: number): void => {
      for (const leaf of this.below(parent)) {
        if (shown !== undefined && !shown.has(leaf.key)) continue;
        const children = this.below(leaf.key).length;
        const open = children > 0 && isOpen(leaf);
        rows.push({ kind: 'label', leaf, depth, children, open, found: false });
        if (open) add(leaf.key, depth + 1);
      }
    };
    add(null, 0);
    return rows;
  }

  #parentOf({ parent }: Leaf): Leaf | null {
    return parent === null ? null : (this.#byKey.get(parent) ?? null);
  }
}

export function aliasOf({ attributes: { alias } }: Leaf): string | null {
  return typeof alias === 'string' && alias !== '' ? alias : null;
}

export type NameFault = 'characters' | 'taken';

/**
 * Why a server would refuse the name or not tell it from another: it makes a path of it, in which a dot
 * begins a level and what is neither letter, digit, space, `-`, `_` nor parenthesis cannot be written.
 */
export function nameFault(name: string, siblings: readonly Leaf[]): NameFault | null {
  if (/[^\p{L}\p{N}_ ()-]/u.test(name)) return 'characters';
  return siblings.some((one) => inPath(one.name) === inPath(name)) ? 'taken' : null;
}

function inPath(name: string): string {
  return name.replace(/[ ()-]/g, '_');
}

/** Upper case and accents do not count. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

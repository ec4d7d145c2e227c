/** One of the lists that a set was read in. */
export interface KnownList {
  /** Row id that it began after. */
  after: number;
  digest: string;
}

/**
 * Answers that told nothing new, by their digests, each with the print of the rows that it was compared
 * with. While both stay as they are, there is nothing to parse and to compare. Forgotten at the end of
 * the process: what a later program makes of the same bytes may differ.
 */
export class KnownAnswers {
  readonly #known = new Map<string, { print: string; lists: readonly KnownList[] }>();
  /** Sets of which the last audit has left nothing in doubt. */
  readonly #clean = new Set<string>();

  /** The lists of the set that told exactly what has this print; null where none did. */
  of(name: string, print: string): readonly KnownList[] | null {
    const known = this.#known.get(name);
    return known?.print === print ? known.lists : null;
  }

  note(name: string, print: string, lists: readonly KnownList[]): void {
    this.#known.set(name, { print, lists });
  }

  forget(name: string): void {
    this.#known.delete(name);
  }

  /** The last audit of the set found nothing that the next one would have to agree with. */
  isClean(name: string): boolean {
    return this.#clean.has(name);
  }

  noteClean(name: string, isClean: boolean): void {
    if (isClean) this.#clean.add(name);
    else this.#clean.delete(name);
  }
}

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
}

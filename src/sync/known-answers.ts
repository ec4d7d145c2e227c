/** One of the lists that a set was read in. */
export interface KnownList {
  /** Row id that it began after. */
  after: number;
  digest: string;
}

/**
 * Sets that came in several lists and told nothing new, by the digests of the lists: what is known of a set tells
 * the digest of all of it, but not where a list ends. Forgotten at the end of the process.
 */
export class KnownAnswers {
  /** Each with the digest of the whole set. */
  readonly #known = new Map<string, { whole: string; lists: readonly KnownList[] }>();
  /** Sets of which the last audit has left nothing in doubt. */
  readonly #clean = new Set<string>();

  /** The lists that told exactly this set; none where no set did. */
  of(name: string, whole: string): readonly KnownList[] {
    const known = this.#known.get(name);
    return known?.whole === whole ? known.lists : [];
  }

  note(name: string, whole: string, lists: readonly KnownList[]): void {
    this.#known.set(name, { whole, lists });
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

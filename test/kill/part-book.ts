/**
 * Which parts were sent, by file and number: whatever session they belong to, so that a file begun anew
 * counts as sent again.
 */
export class PartBook {
  /** Part to the stretch between two kills in which it was last sent. */
  readonly #last = new Map<string, number>();
  /** File and stretch to the parts of earlier stretches that were sent again in it. */
  readonly #again = new Map<string, Set<string>>();
  #stretch = 0;

  killed(): void {
    this.#stretch += 1;
  }

  sent(address: string): void {
    const { pathname, searchParams } = new URL(address, 'http://localhost');
    const [, , , , media = '', name = ''] = pathname.split('/');
    // The hub adds ten letters to the name for every session.
    const file = `${media}/${name.replace(/_[^_]*$/, '')}`;
    const part = `${file}#${searchParams.get('partNumber') ?? '1'}`;
    const before = this.#last.get(part);
    this.#last.set(part, this.#stretch);
    if (before === undefined || before === this.#stretch) return;
    const at = `${file}@${this.#stretch}`;
    this.#again.set(at, (this.#again.get(at) ?? new Set<string>()).add(part));
  }

  resent(): { parts: number; most: number } {
    const counts = [...this.#again.values()].map(({ size }) => size);
    return { parts: counts.reduce((sum, count) => sum + count, 0), most: Math.max(0, ...counts) };
  }
}

import { SvelteMap } from 'svelte/reactivity';
import type { Json } from '../../../base/json.ts';
import { sameJson } from '../../../base/json.ts';
import type { AttributeDefinition } from '../../../domain/entity-types.ts';
import type { EntityKey, EntityRef } from '../../../domain/identity.ts';
import { entityKey } from '../../../domain/identity.ts';
import { parseAttribute } from './attribute-input.ts';

export type SaveAttribute = (ref: EntityRef, name: string, value: Json) => Promise<boolean>;

interface Draft {
  text: string;
  error: string | null;
}

/**
 * What was typed but is not saved. A draft outlives blur, another selection and a refused save; it
 * goes only when its value is down, or when the user restores the stored one.
 */
export class Drafts {
  readonly #drafts = new SvelteMap<string, Draft>();
  readonly #save: SaveAttribute;

  constructor(save: SaveAttribute) {
    this.#save = save;
  }

  /** Whether anything that was typed is not saved. */
  get open(): boolean {
    return this.#drafts.size > 0;
  }

  of(ref: EntityRef, name: string): Draft | null {
    return this.#drafts.get(draftKey(ref, name)) ?? null;
  }

  type(ref: EntityRef, name: string, text: string): void {
    this.#drafts.set(draftKey(ref, name), { text, error: null });
  }

  drop(ref: EntityRef, name: string): void {
    this.#drafts.delete(draftKey(ref, name));
  }

  /** These attributes with what is typed over them and could be saved. */
  over(
    ref: EntityRef,
    definitions: readonly AttributeDefinition[],
    attributes: Record<string, Json>,
  ): Record<string, Json> {
    const typed = definitions.flatMap((definition) => {
      const draft = this.of(ref, definition.name);
      const parsed = draft === null ? null : parseAttribute(definition, draft.text);
      return parsed?.ok === true ? [[definition.name, parsed.value] as const] : [];
    });
    return { ...attributes, ...Object.fromEntries(typed) };
  }

  /** What was typed about an annotation that is known under another key now goes along. */
  move(from: EntityKey, to: EntityKey): void {
    for (const [key, draft] of [...this.#drafts]) {
      if (!key.startsWith(`${from} `)) continue;
      this.#drafts.delete(key);
      this.#drafts.set(`${to}${key.slice(from.length)}`, draft);
    }
  }

  /** Parses and saves; what is invalid or refused stays in the field with its reason. */
  async commit(
    ref: EntityRef,
    definition: AttributeDefinition,
    { text, stored, refused }: { text: string; stored: Json | undefined; refused: string },
  ): Promise<void> {
    const key = draftKey(ref, definition.name);
    const parsed = parseAttribute(definition, text);
    if (!parsed.ok) {
      this.#drafts.set(key, { text, error: parsed.error });
      return;
    }
    if (sameJson(parsed.value, stored ?? null)) {
      this.#drafts.delete(key);
      return;
    }
    this.#drafts.set(key, { text, error: null });
    const saved = await this.#save(ref, definition.name, parsed.value);
    if (this.#drafts.get(key)?.text !== text) return;
    if (saved) this.#drafts.delete(key);
    else this.#drafts.set(key, { text, error: refused });
  }
}

function draftKey(ref: EntityRef, name: string): string {
  return `${entityKey(ref)} ${name}`;
}

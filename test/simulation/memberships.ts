import type { Random } from '../../src/base/random.ts';
import type { Need } from '../../src/domain/permission.ts';
import { pick } from './scene.ts';

/** What an administrator lets a user do in the project, and what the server tells him of it. */
export interface Membership {
  /** The permission that the project is listed with; null where it is not listed at all. */
  label: string | null;
  may: Readonly<Record<'read' | Need, boolean>>;
}

const viewing = { read: true, edit: false, transfer: false, control: false };

export const member: Membership = {
  label: 'Full Control',
  may: { read: true, edit: true, transfer: true, control: true },
};

const lesser: readonly Membership[] = [
  { label: null, may: { read: false, edit: false, transfer: false, control: false } },
  { label: 'View Only', may: viewing },
  // May change everything, and add nothing that files belong to.
  { label: 'Can Edit', may: { read: true, edit: true, transfer: false, control: false } },
  // Whoever has made a project is told so for ever, whatever he may do there now.
  { label: 'Creator', may: viewing },
];

/** The words of a refusal for want of a permission. */
export const denied = 'Permission denied';

/** Memberships of all users: full ones until an administrator changes them. */
export class Memberships {
  readonly #of = new Map<number, Membership>();
  /** Whether anyone's has ever been changed. */
  changed = false;

  of(user: number): Membership {
    return this.#of.get(user) ?? member;
  }

  /** The administrator takes something away, gives something else instead, or all of it back. */
  change(user: number, random: Random): void {
    this.changed = true;
    const isBack = this.#of.has(user) && random() < 0.6;
    if (isBack) this.#of.delete(user);
    else this.#of.set(user, pick(lesser, random));
  }

  restoreAll(): void {
    this.#of.clear();
  }
}

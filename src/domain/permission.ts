import type { EntityRef } from './identity.ts';

/** What a request needs in a project. Reading needs to be listed there at all. */
export type Need = 'edit' | 'transfer' | 'control';

/** Membership levels of Tator, each with the rights of those before it. */
const levels = ['View Only', 'Can Edit', 'Can Transfer', 'Can Execute', 'Full Control'];
const lowest: Record<Need, string> = {
  edit: 'Can Edit',
  transfer: 'Can Transfer',
  control: 'Full Control',
};

/**
 * Whether the label of a project's permission gives the right. A label that is no level ("Creator", one
 * of a newer server) is not taken as a no: the server decides.
 */
export function permits(label: string, need: Need): boolean {
  if (label === 'None' || label === 'No Access') return false;
  const level = levels.indexOf(label);
  return level === -1 || level >= levels.indexOf(lowest[need]);
}

/** What it takes to send a piece of work: a new media and the vocabulary need more than all else. */
export function needOf({ ref, op }: { ref: EntityRef; op: string }): Need {
  if (ref.kind === 'leaf') return 'control';
  return ref.kind === 'media' && op === 'create' ? 'transfer' : 'edit';
}

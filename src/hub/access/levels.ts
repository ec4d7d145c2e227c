import { badRequest } from '../errors.ts';

/** Membership levels; each includes those before it. Index + 1 is stored. */
export const levelLabels = ['View Only', 'Can Edit', 'Can Transfer', 'Can Execute', 'Full Control'] as const;

export const level = { view: 1, edit: 2, transfer: 3, execute: 4, full: 5 } as const;
export type Level = (typeof level)[keyof typeof level];

export function labelOf(stored: number): string {
  return levelLabels[stored - 1] ?? 'None';
}

/** @throws HubError 400 for a word that is no level. */
export function levelOf(label: string): Level {
  const index = levelLabels.findIndex((known) => known === label);
  if (index < 0) throw badRequest(`"${label}" is no membership level.`);
  return (index + 1) as Level;
}

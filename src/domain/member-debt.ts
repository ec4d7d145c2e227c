import type { Json } from '../base/json.ts';
import type { ElementalId, MediaKey } from './identity.ts';

/**
 * Localizations that got, or may be getting, new rows while tracks name their older ones: by media, their
 * elemental ids. It is paid when the tracks name the newest rows.
 */
export type MemberDebt = Record<MediaKey, ElementalId[]>;

/** The cursor that keeps the debt of a project. */
export function debtCursor(projectId: number): string {
  return `renew/${projectId}`;
}

/** The debt that was kept as JSON; whatever is no debt counts as none. */
export function parseDebt(value: Json): MemberDebt {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([media, ids]) => [
      media,
      Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [],
    ]),
  );
}

/** Both debts as one. */
export function joinDebts(one: MemberDebt, other: MemberDebt): MemberDebt {
  const joined = { ...one };
  for (const [media, ids] of Object.entries(other))
    joined[media] = [...new Set([...(joined[media] ?? []), ...ids])];
  return joined;
}

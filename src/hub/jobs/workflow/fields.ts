import { badRequest } from '../../errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entries of a list that may be missing; what is no list is a list of one. */
export function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** What the local runner makes of the members of a part of a manifest. */
export interface Known {
  honoured: readonly string[];
  /** Of a cluster's scheduling and tidying: accepted, without effect here, and said in the job's log. */
  idle?: readonly string[];
}

/**
 * Refuses every member that the local runner would not honour.
 * @returns the members that are there and have no effect, as text for people
 * @throws HubError 400 that names the member
 */
export function requireKnown(fields: Fields, where: string, { honoured, idle = [] }: Known): string[] {
  const there = Object.keys(fields).filter((name) => fields[name] !== undefined && fields[name] !== null);
  const unknown = there.find((name) => !honoured.includes(name) && !idle.includes(name));
  if (unknown !== undefined)
    throw badRequest(
      `${where} uses "${unknown}", which needs a job cluster: this hub’s own runner has it not.`,
    );
  return there.filter((name) => idle.includes(name)).map((name) => `${name} of ${where}`);
}

export function textOf(value: unknown, what: string): string {
  if (!isPlain(value)) throw badRequest(`${what} is no text.`);
  return String(value);
}

/** A count as Argo writes it, a number or its text. */
export function countOf(value: unknown, what: string): number {
  const count = isPlain(value) && value !== '' ? Number(value) : NaN;
  if (!Number.isSafeInteger(count) || count < 0) throw badRequest(`${what} is no whole number.`);
  return count;
}

/** Seconds of a duration such as 10, "10s", "2m" or "1h30m". */
export function secondsOf(value: unknown, what: string): number {
  const text = isPlain(value) ? String(value) : '';
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (text === '' || parts.map(([part]) => part).join('') !== text)
    throw badRequest(`${what} is no duration such as 30s or 5m.`);
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600 };
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
}

import type { Json } from '../base/json.ts';
import { sameJson } from '../base/json.ts';
import type { Fields } from './fields.ts';

/**
 * Whether two values of a field mean the same to a server that stores them: null and absent are
 * one, numbers may lose their last bits, and a moment may be written in several ways.
 */
export function sameValue(a: Json | undefined, b: Json | undefined): boolean {
  const left = a ?? null;
  const right = b ?? null;
  if (sameJson(left, right)) return true;
  if (typeof left === 'number' && typeof right === 'number') return sameNumber(left, right);
  if (typeof left === 'string' && typeof right === 'string') return sameMoment(left, right);
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, i) => sameValue(item, right[i]));
  }
  if (isRecord(left) && isRecord(right)) return sameFields(left, right);
  return false;
}

/** Whether two contents mean the same. */
export function sameFields(a: Fields, b: Fields): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((field) => sameValue(a[field], b[field]));
}

/** The fields of `next` that mean something else than in `previous`; what `next` lacks is no change. */
export function differing(previous: Fields, next: Fields): Fields {
  return Object.fromEntries(
    Object.entries(next).filter(([field, value]) => !sameValue(previous[field], value)),
  );
}

function isRecord(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sameNumber(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a), Math.abs(b));
}

const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;

function sameMoment(a: string, b: string): boolean {
  return moment.test(a) && moment.test(b) && Date.parse(a) === Date.parse(b);
}

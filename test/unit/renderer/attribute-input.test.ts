import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/base/json.ts';
import type { AttributeDtype } from '../../../src/domain/entity-types.ts';
import { attributeText, parseAttribute } from '../../../src/renderer/features/inspector/attribute-input.ts';

const parse = (dtype: AttributeDtype, text: string, more = {}): ReturnType<typeof parseAttribute> =>
  parseAttribute({ dtype, ...more }, text);

describe('reading a form field', () => {
  it.each<[AttributeDtype, string, Json]>([
    ['bool', 'true', true],
    ['int', ' -12 ', -12],
    ['float', '1.5e2', 150],
    ['string', '  Aurelia ', '  Aurelia '],
    ['datetime', '2026-05-01 14:30', '2026-05-01T14:30:00.000Z'],
    ['datetime', '2026-05-01T14:30:00+02:00', '2026-05-01T12:30:00.000Z'],
    ['geopos', '36.7, -122.5', [-122.5, 36.7]],
    ['float_array', '[1, 2.5  3]', [1, 2.5, 3]],
  ])('takes %s %j', (dtype, text, value) => {
    expect(parse(dtype, text)).toEqual({ ok: true, value });
  });

  it.each<[AttributeDtype, string]>([
    ['int', '1.5'],
    ['int', 'twelve'],
    ['float', '1,5'],
    ['datetime', 'yesterday'],
    ['datetime', '2026-13-45'],
    ['geopos', '36.7'],
    ['geopos', '91, 0'],
    ['geopos', '0, 181'],
    ['float_array', '1, x'],
  ])('refuses %s %j with a reason', (dtype, text) => {
    const parsed = parse(dtype, text);
    expect(parsed.ok).toBe(false);
    expect(!parsed.ok && parsed.error.length).toBeGreaterThan(5);
  });

  it('holds numbers to their limits, which belong to the range', () => {
    const limits = { minimum: 0, maximum: 10 };
    expect(parse('int', '10', limits).ok).toBe(true);
    expect(parse('int', '11', limits).ok).toBe(false);
    expect(parse('float', '-0.1', limits).ok).toBe(false);
  });

  it('takes only the choices of an enum and the size of an array', () => {
    expect(parse('enum', 'a', { choices: ['a', 'b'] }).ok).toBe(true);
    expect(parse('enum', 'c', { choices: ['a', 'b'] }).ok).toBe(false);
    expect(parse('float_array', '1 2', { size: 3 }).ok).toBe(false);
  });

  it('takes an empty field as null, unless the attribute is required', () => {
    expect(parse('int', ' ')).toEqual({ ok: true, value: null });
    expect(parse('int', ' ', { required: true }).ok).toBe(false);
  });

  it('shows a position the way that people write it, and reads it back unchanged', () => {
    const text = attributeText({ dtype: 'geopos' }, [-122.5, 36.7]);
    expect(text).toBe('36.7, -122.5');
    expect(parse('geopos', text)).toEqual({ ok: true, value: [-122.5, 36.7] });
  });
});

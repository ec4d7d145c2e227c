import { describe, expect, it } from 'vitest';
import { holds, readCondition } from '../../../../src/hub/jobs/workflow/condition.ts';
import { fill, type Values } from '../../../../src/hub/jobs/workflow/values.ts';

function truth(text: string, values: Values = {}): boolean {
  return holds(readCondition(text, 'the step "a"'), {
    value: (word) => fill(word, values),
    truth: (word) => fill(word, values) === 'true',
  });
}

describe('a condition', () => {
  it('compares numbers as numbers and words as words', () => {
    expect(truth('10 > 9')).toBe(true);
    expect(truth('abc < abd')).toBe(true);
    expect(truth('1.0 == 1')).toBe(true);
    expect(truth('\'two words\' == "two words"')).toBe(true);
    expect(truth('{{n}}-x != 3-x', { n: '3' })).toBe(false);
  });

  it('binds "and" closer than "or", and "not" closest', () => {
    expect(truth('true || false && false')).toBe(true);
    expect(truth('(true || false) && false')).toBe(false);
    expect(truth('!(1 == 2) && !false')).toBe(true);
  });

  it('never takes a value for a part of its grammar', () => {
    expect(truth('{{x}} == safe', { x: '1 == 1 || safe' })).toBe(false);
    expect(truth("'{{x}}' == 'a'", { x: "a' || 'a' == 'a" })).toBe(false);
  });

  it('that is none is refused with its text', () => {
    for (const text of ['', '1 ==', '(1 == 1', '1 == 1)', '&& 2', 'a b', '1 =~ 2', "'open"])
      expect(() => readCondition(text, 'the step "a"'), text).toThrow(/condition/);
  });
});

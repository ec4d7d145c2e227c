import { describe, expect, it } from 'vitest';
import { mergeCase } from '../planner/cases.ts';
import { properties } from '../planner/properties.ts';

const cases = 10_000;

describe('a plan for an entity that two sides changed', () => {
  it.for(Object.entries(properties))('%s', ([, property]) => {
    const seen = Array.from({ length: cases }, (_, i) => property(mergeCase(i + 1)));
    const seed = seen.findIndex((violation) => violation !== null) + 1;
    expect(seed === 0 ? 'holds' : `seed ${seed}: ${seen[seed - 1]}`).toBe('holds');
  });
});

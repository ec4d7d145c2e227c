import { describe, expect, it } from 'vitest';
import { pathTest, withBeginning } from '../../../src/hub/search/label-paths.ts';

const models = ['Honda', 'Honda.Civic', 'Honda.Civic.EX_L', 'Honda.Accord.EX_L', 'Toyota.Camry.XLE_hybrid'];

describe('a path pattern', () => {
  const cases: [string, string[]][] = [
    ['Honda', ['Honda']],
    ['Honda.*', ['Honda', 'Honda.Civic', 'Honda.Civic.EX_L', 'Honda.Accord.EX_L']],
    ['Honda.*.EX_L', ['Honda.Civic.EX_L', 'Honda.Accord.EX_L']],
    ['*.ex_l@', ['Honda.Civic.EX_L', 'Honda.Accord.EX_L']],
    ['*.Ci*.*', ['Honda.Civic', 'Honda.Civic.EX_L']],
    ['Honda|Toyota.*{2}', ['Honda.Civic.EX_L', 'Honda.Accord.EX_L', 'Toyota.Camry.XLE_hybrid']],
    ['*{1,2}', ['Honda', 'Honda.Civic']],
    ['*{,1}', ['Honda']],
    ['!Honda.*', ['Toyota.Camry.XLE_hybrid']],
    ['Honda.!Civic{1,}', ['Honda.Accord.EX_L']],
    ['*.XLE%', ['Toyota.Camry.XLE_hybrid']],
    ['*.hybrid%', []],
    ['honda', []],
  ];
  it.each(cases)('%s finds what lquery would', (pattern, found) => {
    expect(models.filter(pathTest(pattern))).toEqual(found);
  });

  it.each(['', 'a..b', 'a b', '*{}', '(a|b)', 'a.{2}', "a'", 'x'.repeat(2000)])(
    'is refused when it is none: %s',
    (pattern) => {
      expect(() => pathTest(pattern)).toThrow();
    },
  );

  it('stays quick where backtracking would not end', () => {
    const test = pathTest(`${'*.a*.'.repeat(60)}b`);
    expect(test(Array(200).fill('aa').join('.'))).toBe(false);
  });
});

describe('a new beginning of a path', () => {
  it('replaces whole labels only', () => {
    expect(withBeginning('Honda.Accord.EX', 'Honda.Accord', 'Acura.TSX')).toBe('Acura.TSX.EX');
    expect(withBeginning('Honda', 'Honda', 'Acura')).toBe('Acura');
    expect(withBeginning('Honda.Accord', 'Honda.Acc', 'X')).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import type { Fields } from '../../../src/domain/fields.ts';
import { Ledger, type Contents, type Step } from '../../kill/ledger.ts';

const media = 'm';
const [one, two] = ['localization/1/a', 'localization/1/b'];

function step(before: [string, Fields | null][], after: [string, Fields | null][]): Step {
  return { media, kind: 'apply', before: new Map(before), after: new Map(after) };
}

const drawn = step([[one, null]], [[one, { frame: 1, note: 'x' }]]);

function holding(...steps: Step[]): Ledger {
  const ledger = new Ledger();
  for (const each of steps) {
    ledger.begin(each);
    ledger.acknowledge();
  }
  return ledger;
}

describe('the ledger of a kill run', () => {
  it('finds an acknowledged annotation that is missing, or has lost a value', () => {
    const ledger = holding(drawn);
    expect(ledger.faults(new Map([[one, { frame: 1, note: 'x', more: 2 }]]), 'on the device')).toEqual([]);
    expect(ledger.faults(new Map(), 'on the hub')).toEqual([
      { kind: 'lost', text: `${one} on the hub is missing` },
    ]);
    expect(ledger.faults(new Map([[one, { frame: 1, note: 'old' }]]), 'on the device')).toMatchObject([
      { kind: 'lost' },
    ]);
  });

  it('finds what came back after its delete, and what nobody made', () => {
    const ledger = holding(drawn, step([[one, { frame: 1 }]], [[one, null]]));
    expect(ledger.faults(new Map([[one, { frame: 1 }]]), 'on the device')).toMatchObject([{ kind: 'wrong' }]);
    expect(ledger.faults(new Map([[two, { frame: 1 }]]), 'on the device')).toMatchObject([{ kind: 'wrong' }]);
  });

  it('takes a command that a kill broke off as done or not done, but not as half done', () => {
    const both = step(
      [one, two].map((key) => [key, null]),
      [one, two].map((key) => [key, { frame: 3 }]),
    );
    const settled = (shown: Contents): { faults: number; shown: boolean } => {
      const ledger = new Ledger();
      ledger.begin(both);
      return {
        faults: ledger.settle(shown).length,
        shown: ledger.faults(shown, 'on the device').length === 0,
      };
    };
    expect(settled(new Map())).toEqual({ faults: 0, shown: true });
    expect(settled(new Map([one, two].map((key) => [key, { frame: 3 }])))).toEqual({
      faults: 0,
      shown: true,
    });
    expect(settled(new Map([[one, { frame: 3 }]]))).toEqual({ faults: 1, shown: false });
  });

  it('knows after an undo what was there before', () => {
    const ledger = holding(drawn);
    const last = ledger.undoable(media)!;
    ledger.begin({ media, kind: 'undo', before: last.after, after: last.before });
    ledger.acknowledge();
    expect(ledger.faults(new Map(), 'on the device')).toEqual([]);
    expect(ledger.undoable(media)).toBeNull();
  });
});

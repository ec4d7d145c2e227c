import { describe, expect, it } from 'vitest';
import { frameAt, intervalOf, makeFrameTable } from '../../../../src/domain/frame-time.ts';
import {
  shownFrame,
  stepSeek,
  wantedFrame,
  type SeekCommand,
  type SeekEvent,
  type SeekState,
} from '../../../../src/renderer/player/seek-machine.ts';

/** Ten frames that come unevenly and start late, as real clips do. */
const table = makeFrameTable({
  timescale: 1000,
  ticks: [500, 540, 560, 600, 640, 700, 733, 766, 800, 900],
  lastDuration: 40,
});

function timeOf(frame: number): number {
  return intervalOf(table, frame).start;
}

/** Feeds the events and gives the last state and all commands. */
function run(events: readonly SeekEvent[], from: SeekState = { kind: 'empty' }) {
  let state = from;
  const commands: SeekCommand[] = [];
  for (const event of events) {
    const step = stepSeek(table, state, event);
    state = step.state;
    commands.push(...step.commands);
  }
  return { state, commands };
}

function presented(frame: number, busy = false): SeekEvent {
  return { kind: 'presented', mediaTime: timeOf(frame), busy };
}

function aimsOf(commands: readonly SeekCommand[]): number[] {
  return commands.flatMap((command) => (command.kind === 'aim' ? [command.seconds] : []));
}

const overdue: SeekEvent = { kind: 'overdue', busy: false };

describe('a seek', () => {
  it('aims at the middle of the frame, whatever the rate', () => {
    for (let frame = 0; frame < 10; frame++) {
      const [seconds] = aimsOf(run([{ kind: 'seek', frame }]).commands);
      const { start, end } = intervalOf(table, frame);
      expect(seconds).toBeCloseTo((start + end) / 2, 9);
      expect(frameAt(table, seconds!)).toBe(frame);
    }
  });

  it('is confirmed only by the presented picture of its frame', () => {
    const asked = run([{ kind: 'seek', frame: 4 }]);
    expect(asked.state.kind).toBe('seeking');
    expect(run([presented(4)], asked.state).state).toEqual({ kind: 'confirmed', frame: 4 });
  });

  it('takes a media time that the browser rounded either way', () => {
    const asked = run([{ kind: 'seek', frame: 6 }]).state;
    for (const error of [-0.0005, -1e-6, 0, 1e-6, 0.0005]) {
      const event: SeekEvent = { kind: 'presented', mediaTime: timeOf(6) + error, busy: false };
      expect(run([event], asked).state).toEqual({ kind: 'confirmed', frame: 6 });
    }
  });

  it('keeps waiting while a busy element still presents an older picture', () => {
    const { state, commands } = run([{ kind: 'seek', frame: 4 }, presented(1, true)]);
    expect(state).toMatchObject({ kind: 'seeking', target: 4, shown: 1 });
    expect(commands).toHaveLength(1);
  });

  it('to the confirmed frame is confirmed already', () => {
    const { state, commands } = run([{ kind: 'seek', frame: 4 }], { kind: 'confirmed', frame: 4 });
    expect(state).toEqual({ kind: 'confirmed', frame: 4 });
    expect(commands).toEqual([]);
  });

  it('beyond either end means the end', () => {
    expect(wantedFrame(run([{ kind: 'seek', frame: -5 }]).state)).toBe(0);
    expect(wantedFrame(run([{ kind: 'seek', frame: 99 }]).state)).toBe(9);
  });

  it('made during another waits for it, and of many only the latest follows', () => {
    const busy = run([2, 3, 4, 7].map((frame) => ({ kind: 'seek', frame }) as const));
    expect(aimsOf(busy.commands)).toHaveLength(1);
    expect(wantedFrame(busy.state)).toBe(7);
    const after = run([presented(2)], busy.state);
    expect(after.state).toMatchObject({ kind: 'seeking', target: 7, shown: 2 });
    expect(aimsOf(after.commands)).toHaveLength(1);
  });

  it('back to the one under way forgets the one between', () => {
    const { state } = run([
      { kind: 'seek', frame: 2 },
      { kind: 'seek', frame: 5 },
      { kind: 'seek', frame: 2 },
      presented(2),
    ]);
    expect(state).toEqual({ kind: 'confirmed', frame: 2 });
  });
});

describe('a seek that brings no or another picture', () => {
  it('lets the neighbour be shown first, then aims at the frame again', () => {
    const late = run([{ kind: 'seek', frame: 4 }, overdue]);
    expect(frameAt(table, aimsOf(late.commands)[1]!)).toBe(3);
    const back = run([presented(3)], late.state);
    expect(frameAt(table, aimsOf(back.commands)[0]!)).toBe(4);
    expect(run([presented(4)], back.state).state).toEqual({ kind: 'confirmed', frame: 4 });
  });

  it('is given up after four attempts, and says which frame is shown', () => {
    const { state, commands } = run([
      { kind: 'seek', frame: 4 },
      presented(5),
      overdue,
      overdue,
      overdue,
      overdue,
    ]);
    expect(state).toEqual({ kind: 'lost', target: 4, shown: 5 });
    expect(aimsOf(commands)).toHaveLength(4);
  });

  it('stays inside the interval of the frame, or its neighbour, with every attempt', () => {
    const { commands } = run([{ kind: 'seek', frame: 4 }, overdue, overdue, overdue]);
    expect(aimsOf(commands).map((seconds) => frameAt(table, seconds))).toEqual([4, 3, 4, 3]);
  });

  it('is left alone while the element is still decoding', () => {
    const { state, commands } = run([
      { kind: 'seek', frame: 4 },
      { kind: 'overdue', busy: true },
    ]);
    expect(state).toMatchObject({ kind: 'seeking', attempt: 0, waits: 1 });
    expect(commands.at(-1)).toMatchObject({ kind: 'wait' });
  });

  it('gives way to a newer one', () => {
    const { state } = run([{ kind: 'seek', frame: 4 }, { kind: 'seek', frame: 8 }, overdue]);
    expect(state).toMatchObject({ kind: 'seeking', target: 8, attempt: 0 });
  });

  it('is confirmed after all when the picture comes late', () => {
    expect(run([presented(4)], { kind: 'lost', target: 4, shown: 5 }).state).toEqual({
      kind: 'confirmed',
      frame: 4,
    });
  });
});

describe('a confirmed frame', () => {
  it('is brought back when another picture appears by itself', () => {
    const { state, commands } = run([presented(5)], { kind: 'confirmed', frame: 4 });
    expect(state).toMatchObject({ kind: 'seeking', target: 4, shown: 5 });
    expect(aimsOf(commands)).toHaveLength(1);
  });
});

describe('playback', () => {
  const playing: SeekState = { kind: 'playing', frame: 3 };

  it('follows the presented pictures', () => {
    expect(run([presented(4), presented(6)], playing).state).toEqual({ kind: 'playing', frame: 6 });
  });

  it('stopped by the user settles on the last presented frame', () => {
    const { state, commands } = run([presented(5), { kind: 'pause' }], playing);
    expect(commands[0]).toEqual({ kind: 'pause' });
    expect(frameAt(table, aimsOf(commands)[0]!)).toBe(5);
    expect(shownFrame(state)).toBe(5);
    expect(run([presented(5)], state).state).toEqual({ kind: 'confirmed', frame: 5 });
  });

  it('stops at the last frame, also where the end is reached without showing it', () => {
    for (const event of [presented(9), { kind: 'ended' } as const]) {
      const { state, commands } = run([event], playing);
      expect(commands[0]).toEqual({ kind: 'pause' });
      expect(wantedFrame(state)).toBe(9);
    }
  });

  it('starts again from the first frame when the last one is shown', () => {
    const { commands } = run([{ kind: 'play' }], { kind: 'confirmed', frame: 9 });
    expect(frameAt(table, aimsOf(commands)[0]!)).toBe(0);
    expect(commands.at(-1)).toEqual({ kind: 'play' });
  });

  it('from a confirmed frame goes on without a jump', () => {
    expect(run([{ kind: 'play' }], { kind: 'confirmed', frame: 3 }).commands).toEqual([{ kind: 'play' }]);
  });

  it('gives way to a seek', () => {
    const { state, commands } = run([{ kind: 'seek', frame: 1 }], playing);
    expect(commands.map(({ kind }) => kind)).toEqual(['pause', 'aim']);
    expect(state).toMatchObject({ kind: 'seeking', target: 1 });
  });
});

describe('frames to which a file gives the same time', () => {
  it('confirm each other, as their pictures cannot be told apart by time', () => {
    const twins = makeFrameTable({ timescale: 1000, ticks: [0, 40, 40, 80] });
    const asked = stepSeek(twins, { kind: 'empty' }, { kind: 'seek', frame: 1 }).state;
    const { state } = stepSeek(twins, asked, { kind: 'presented', mediaTime: 0.04, busy: false });
    expect(state).toEqual({ kind: 'confirmed', frame: 1 });
  });
});

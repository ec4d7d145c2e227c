import { describe, expect, it } from 'vitest';
import { intervalOf, makeFrameTable } from '../../../src/domain/frame-time.ts';
import { FrameClock, type ClockState, type VideoPort } from '../../../src/renderer/player/frame-clock.ts';

/** Uneven frames that start late, as dive videos do. */
const table = makeFrameTable({ timescale: 1000, ticks: [500, 517, 534, 600, 610, 700], lastDuration: 30 });

class ManualClock {
  #timers: { due: number; run: () => void }[] = [];
  #now = 0;
  now = (): number => this.#now;
  after = (ms: number, run: () => void): (() => void) => {
    const timer = { due: this.#now + ms, run };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  };
  advance(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers.filter(({ due }) => due <= this.#now)) {
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.run();
    }
  }
}

/** Presents pictures when the test says so. */
class FakeVideo implements VideoPort {
  seeks: number[] = [];
  playbackRate = 1;
  paused = true;
  #callbacks = new Map<number, (now: number, metadata: { mediaTime: number }) => void>();
  #last = 0;
  set currentTime(seconds: number) {
    this.seeks.push(seconds);
  }
  /** What a player says after most pauses: something else. */
  get currentTime(): number {
    return 0.61;
  }
  play(): Promise<void> {
    this.paused = false;
    return Promise.resolve();
  }
  pause(): void {
    this.paused = true;
  }
  requestVideoFrameCallback(callback: (now: number, metadata: { mediaTime: number }) => void): number {
    this.#callbacks.set(++this.#last, callback);
    return this.#last;
  }
  cancelVideoFrameCallback(handle: number): void {
    this.#callbacks.delete(handle);
  }
  present(frame: number): void {
    const callbacks = [...this.#callbacks.values()];
    this.#callbacks.clear();
    for (const callback of callbacks) callback(0, { mediaTime: intervalOf(table, frame).start });
  }
}

function start(): { video: FakeVideo; timers: ManualClock; clock: FrameClock; states: ClockState[] } {
  const [video, timers] = [new FakeVideo(), new ManualClock()];
  const clock = new FrameClock(video, table, timers);
  const states: ClockState[] = [];
  clock.onChange((state) => states.push(state));
  return { video, timers, clock, states };
}

describe('the frame clock', () => {
  it('aims at the middle of the interval of the stored table', () => {
    const { video, clock } = start();
    clock.seek(2);
    expect(video.seeks).toEqual([0.567]);
  });

  it('confirms a frame only when its picture was presented', () => {
    const { video, clock } = start();
    clock.seek(3);
    expect(clock.state).toMatchObject({ kind: 'seeking', target: 3 });
    video.present(3);
    expect(clock.state).toEqual({ kind: 'confirmed', frame: 3 });
  });

  it('is not taken in by a stale picture from before the seek', () => {
    const { video, clock } = start();
    clock.seek(3);
    video.present(0);
    expect(clock.state).toEqual({ kind: 'seeking', target: 3, shown: 0 });
    video.present(3);
    expect(clock.state).toEqual({ kind: 'confirmed', frame: 3 });
  });

  it('aims again, elsewhere in the interval, and at last says that it does not know', () => {
    const { video, timers, clock } = start();
    clock.seek(3);
    video.present(4);
    timers.advance(700);
    timers.advance(1500);
    timers.advance(4000);
    expect(new Set(video.seeks).size).toBe(3);
    for (const seconds of video.seeks) {
      expect(seconds).toBeGreaterThan(0.6);
      expect(seconds).toBeLessThan(0.61);
    }
    expect(clock.state).toEqual({ kind: 'uncertain', target: 3, shown: 4 });
  });

  it('has at most one seek under way and goes on to the newest target', () => {
    const { video, clock } = start();
    clock.seek(1);
    clock.seek(2);
    clock.seek(4);
    expect(video.seeks).toHaveLength(1);
    expect(clock.position).toBe(4);
    video.present(1);
    expect(video.seeks).toHaveLength(2);
    video.present(4);
    expect(clock.state).toEqual({ kind: 'confirmed', frame: 4 });
  });

  it('steps from where the user is and stops at the ends', () => {
    const { video, clock } = start();
    clock.seek(4);
    video.present(4);
    clock.step(10);
    video.present(5);
    expect(clock.state).toEqual({ kind: 'confirmed', frame: 5 });
    clock.step(1);
    expect(clock.state).toEqual({ kind: 'confirmed', frame: 5 });
  });

  it('after a pause goes back to the last presented picture and never asks currentTime', () => {
    const { video, clock } = start();
    clock.seek(0);
    video.present(0);
    clock.play(1);
    video.present(1);
    video.present(2);
    expect(clock.state).toEqual({ kind: 'playing', frame: 2 });
    clock.pause();
    expect(video.paused).toBe(true);
    expect(clock.state).toMatchObject({ kind: 'seeking', target: 2 });
    video.present(2);
    expect(clock.state).toEqual({ kind: 'confirmed', frame: 2 });
  });

  it('stops by itself on the last frame', () => {
    const { video, clock } = start();
    clock.seek(4);
    video.present(4);
    clock.play(2);
    expect(video.playbackRate).toBe(2);
    video.present(5);
    expect(video.paused).toBe(true);
    video.present(5);
    expect(clock.state).toEqual({ kind: 'confirmed', frame: 5 });
  });

  it('waits for nothing after it was stopped', () => {
    const { video, timers, clock, states } = start();
    clock.seek(3);
    clock.stop();
    const before = states.length;
    video.present(3);
    timers.advance(10_000);
    expect(states).toHaveLength(before);
  });
});

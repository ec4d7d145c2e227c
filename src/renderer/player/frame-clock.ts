import type { Clock } from '../../base/clock.ts';
import type { Stop } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import {
  frameCount,
  frameStartingNear,
  intervalOf,
  middleOf,
  type FrameTable,
} from '../../domain/frame-time.ts';
import { clamp } from '../../domain/geometry.ts';

/** The part of a video element that the clock uses; `HTMLVideoElement` fits. */
export interface VideoPort {
  currentTime: number;
  playbackRate: number;
  readonly paused: boolean;
  play(): Promise<void>;
  pause(): void;
  requestVideoFrameCallback(callback: (now: number, metadata: { mediaTime: number }) => void): number;
  cancelVideoFrameCallback(handle: number): void;
}

/**
 * What is on the screen. Only `confirmed` names a frame that may be drawn on.
 *
 *   seeking --picture presented, its time is the target's--> confirmed
 *      |  ^--picture of another frame, or none in time: aim elsewhere in the interval, at most 3 times
 *      +--still wrong--> uncertain
 *   confirmed --play--> playing --pause--> seeking (the last presented frame) --> confirmed
 */
export type ClockState =
  | { kind: 'seeking'; target: number; shown: number | null }
  | { kind: 'confirmed'; frame: number }
  | { kind: 'playing'; frame: number }
  | { kind: 'uncertain'; target: number; shown: number | null };

/** Where in the frame's interval each try aims, and how long it waits for the picture, ms. */
const TRIES = [
  { at: 0.5, wait: 700 },
  { at: 0.25, wait: 1500 },
  { at: 0.75, wait: 4000 },
] as const;

/**
 * Keeps the number of the frame that is really presented. Numbers come from the frame table and
 * from the times of presented pictures only, never from `currentTime`, which is wrong after most
 * pauses. At most one seek is under way; a newer target waits for it and replaces older ones.
 */
export class FrameClock {
  state: ClockState = { kind: 'seeking', target: 0, shown: null };
  readonly #video: VideoPort;
  readonly #table: FrameTable;
  readonly #clock: Clock;
  readonly #changes = new Emitter<ClockState>();
  #handle: number | null = null;
  #cancelTimer: Stop = () => {};
  #next: number | null = null;
  #try = 0;

  constructor(video: VideoPort, table: FrameTable, clock: Clock) {
    this.#video = video;
    this.#table = table;
    this.#clock = clock;
  }

  get frames(): number {
    return frameCount(this.#table);
  }

  /** Where the user is: the frame that is shown, or the one that was asked for last. */
  get position(): number {
    const { state } = this;
    return (
      this.#next ?? (state.kind === 'confirmed' || state.kind === 'playing' ? state.frame : state.target)
    );
  }

  onChange(listener: (state: ClockState) => void): Stop {
    return this.#changes.on(listener);
  }

  /** Seeks to the frame; numbers beyond the ends mean the ends. */
  seek(frame: number): void {
    const target = clamp(Math.round(frame), 0, this.frames - 1);
    if (this.state.kind === 'confirmed' && this.state.frame === target) return;
    if (!this.#video.paused) this.#video.pause();
    if (this.state.kind === 'seeking' && this.#handle !== null) this.#next = target;
    else this.#aim(target, 0);
  }

  step(by: number): void {
    this.seek(this.position + by);
  }

  play(rate: number): void {
    this.#video.playbackRate = rate;
    if (this.state.kind === 'playing') return;
    const from = this.position;
    if (from >= this.frames - 1) {
      this.seek(0);
      return;
    }
    this.#quit();
    this.#next = null;
    this.#become({ kind: 'playing', frame: from });
    this.#watchPlayback();
    this.#video.play().catch(() => this.pause());
  }

  /** Stops at the last presented picture and lets it be confirmed again. */
  pause(): void {
    if (this.state.kind !== 'playing') return;
    const { frame } = this.state;
    this.#video.pause();
    this.#aim(frame, 0);
  }

  stop(): void {
    this.#quit();
    if (!this.#video.paused) this.#video.pause();
  }

  #aim(target: number, attempt: number): void {
    this.#quit();
    this.#try = attempt;
    const { at, wait } = TRIES[attempt] ?? TRIES[0];
    const shown =
      this.state.kind === 'confirmed' || this.state.kind === 'playing' ? this.state.frame : this.state.shown;
    if (this.state.kind !== 'seeking' || this.state.target !== target)
      this.#become({ kind: 'seeking', target, shown });
    this.#listen(target);
    const { start, end } = intervalOf(this.#table, target);
    this.#video.currentTime = at === 0.5 ? middleOf(this.#table, target) : start + (end - start) * at;
    this.#cancelTimer = this.#clock.after(wait, () => this.#giveUp(target));
  }

  #listen(target: number): void {
    this.#handle = this.#video.requestVideoFrameCallback((_, { mediaTime }) => {
      this.#handle = null;
      const frame = frameStartingNear(this.#table, mediaTime);
      if (frame === target) this.#arrive(frame);
      // Perhaps a picture from before the seek: the right one may still come.
      else {
        if (this.state.kind === 'seeking') this.state = { ...this.state, shown: frame };
        this.#listen(target);
      }
    });
  }

  #arrive(frame: number): void {
    this.#quit();
    const next = this.#next;
    this.#next = null;
    this.#become({ kind: 'confirmed', frame });
    if (next !== null && next !== frame) this.#aim(next, 0);
  }

  #giveUp(target: number): void {
    if (this.#next !== null) {
      const next = this.#next;
      this.#next = null;
      this.#aim(next, 0);
    } else if (this.#try + 1 < TRIES.length) this.#aim(target, this.#try + 1);
    else {
      this.#quit();
      this.#become({
        kind: 'uncertain',
        target,
        shown: this.state.kind === 'seeking' ? this.state.shown : null,
      });
    }
  }

  #watchPlayback(): void {
    this.#handle = this.#video.requestVideoFrameCallback((_, { mediaTime }) => {
      this.#handle = null;
      if (this.state.kind !== 'playing') return;
      const frame = frameStartingNear(this.#table, mediaTime);
      this.#become({ kind: 'playing', frame });
      if (frame >= this.frames - 1) this.pause();
      else this.#watchPlayback();
    });
  }

  #quit(): void {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    if (this.#handle !== null) this.#video.cancelVideoFrameCallback(this.#handle);
    this.#handle = null;
  }

  #become(state: ClockState): void {
    this.state = state;
    this.#changes.emit(state);
  }
}

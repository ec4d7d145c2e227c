import type { Clock } from '../../base/clock.ts';
import { faultOf, type Fault } from '../../contract/errors.ts';
import { makeFrameTable, nominalFps, type FrameTable } from '../../domain/frame-time.ts';
import type { MediaKey } from '../../domain/identity.ts';
import type { MediaSource } from '../backend/backend.ts';
import { FrameClock, type ClockState, type VideoPort } from './frame-clock.ts';
import { timeOfFrame } from './timecode.ts';

export const SPEEDS = [0.1, 0.25, 0.5, 1, 1.5, 2, 4, 8] as const;

/** An image is one frame that shows for a second. */
const imageTable = makeFrameTable({ timescale: 1, ticks: [0], lastDuration: 1 });

/** State of the player for the screen. The picture's element attaches itself; the numbers come from `FrameClock`. */
export class PlayerController {
  table = $state.raw<FrameTable | null>(null);
  clockState = $state.raw<ClockState | null>(null);
  fault = $state.raw<Fault | null>(null);
  rate = $state(1);
  /** Runs backwards, frame by frame. */
  reversing = $state(false);
  readonly kind: 'video' | 'image';
  readonly key: MediaKey;
  readonly #clock: Clock;
  #frames: FrameClock | null = null;
  /** Where the picture begins. */
  #first = 0;
  #cancelReverse = (): void => {};

  constructor(media: { key: MediaKey; kind: 'video' | 'image' }, clock: Clock) {
    this.key = media.key;
    this.kind = media.kind;
    this.#clock = clock;
  }

  readonly frames = $derived.by(() => this.table?.ticks.length ?? 0);
  readonly position = $derived.by(() => {
    const state = this.clockState;
    if (state === null) return 0;
    return state.kind === 'confirmed' || state.kind === 'playing' ? state.frame : state.target;
  });
  /** The frame that is certainly on the screen and still; only then drawing is on. */
  readonly confirmed = $derived(this.clockState?.kind === 'confirmed' ? this.clockState.frame : null);
  readonly playing = $derived(this.clockState?.kind === 'playing');
  readonly seconds = $derived.by(() => (this.table === null ? 0 : timeOfFrame(this.table, this.position)));

  async load(source: MediaSource, signal: AbortSignal): Promise<void> {
    try {
      this.table = this.kind === 'image' ? imageTable : await source.frameTable(this.key, signal);
    } catch (error) {
      if (!signal.aborted) this.fault = faultOf(error);
    }
  }

  /** The video element is there and its table is loaded; returns the stop. */
  attach(video: VideoPort): () => void {
    const table = this.table;
    if (table === null) return () => {};
    const frames = new FrameClock(video, table, this.#clock);
    this.#frames = frames;
    const stop = frames.onChange((state) => this.#follow(state));
    frames.seek(this.#first);
    return () => {
      this.#cancelReverse();
      stop();
      frames.stop();
      this.#frames = null;
    };
  }

  imageShown(): void {
    this.clockState = { kind: 'confirmed', frame: 0 };
  }

  pictureFailed(fault: Fault): void {
    this.fault = fault;
  }

  /** Before the picture is there, it is where that will begin. */
  seek(frame: number): void {
    this.#endReverse();
    if (this.#frames === null) this.#first = frame;
    else this.#frames.seek(frame);
  }

  step(by: number): void {
    this.#endReverse();
    this.#frames?.step(by);
  }

  seekEnd(): void {
    this.seek(this.frames - 1);
  }

  togglePlay(): void {
    if (this.playing || this.reversing) this.pause();
    else this.play();
  }

  play(): void {
    this.#endReverse();
    this.#frames?.play(this.rate);
  }

  pause(): void {
    this.#endReverse();
    this.#frames?.pause();
  }

  /** J: backwards, one confirmed frame after the other, at most at the nominal rate. */
  reverse(): void {
    if (this.reversing || this.#frames === null) return;
    this.#frames.pause();
    this.reversing = true;
    this.#reverseStep();
  }

  setRate(rate: number): void {
    this.rate = rate;
    if (this.playing) this.#frames?.play(rate);
  }

  #follow(state: ClockState): void {
    this.clockState = state;
    if (this.reversing && state.kind === 'confirmed') {
      if (state.frame === 0) this.#endReverse();
      else this.#reverseStep();
    }
  }

  #reverseStep(): void {
    const table = this.table;
    if (table === null) return;
    this.#cancelReverse = this.#clock.after(1000 / (nominalFps(table) * this.rate), () =>
      this.#frames?.step(-1),
    );
  }

  #endReverse(): void {
    this.#cancelReverse();
    this.reversing = false;
  }
}

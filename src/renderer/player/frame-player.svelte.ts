import { Stops, type Stop } from '../../base/disposable.ts';
import { frameCount, type FrameTable } from '../../domain/frame-time.ts';
import { mediaErrorText, playerTexts } from './player-texts.ts';
import {
  shownFrame,
  stepSeek,
  wantedFrame,
  type SeekCommand,
  type SeekEvent,
  type SeekState,
} from './seek-machine.ts';

export interface FrameSource {
  url: string;
  /** The frame table of exactly the file at `url`. */
  table: FrameTable;
}

const nothingLoaded: SeekState = { kind: 'empty' };

/**
 * Plays one video and knows which frame is on the screen. `load` gives it a source and `VideoSurface` its
 * element, in either order; `stop` ends everything. Decisions are in `seek-machine.ts`; this class owns the
 * element, its timer and its callbacks.
 */
export class FramePlayer {
  #state = $state.raw<SeekState>(nothingLoaded);
  #source = $state.raw<FrameSource | null>(null);
  #failure = $state.raw<string | null>(null);
  #rate = $state(1);
  #video: HTMLVideoElement | null = null;
  #stops = new Stops();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Until the element has data, a seek is only remembered. */
  #ready = false;
  #firstFrame = 0;
  #waiting: (() => void)[] = [];

  /** The frame on the screen by its ordinal; -1 before the first. Trust it for drawing only while `confirmed`. */
  readonly frame = $derived(shownFrame(this.#state));
  /** The picture stands still and is certainly `frame`. */
  readonly confirmed = $derived(this.#state.kind === 'confirmed');
  readonly playing = $derived(this.#state.kind === 'playing');
  /** Where the user is going; equal to `frame` at rest. For the slider and the number field. */
  readonly wanted = $derived(wantedFrame(this.#state));
  readonly frameCount = $derived(this.#source === null ? 0 : frameCount(this.#source.table));
  /** Playback speed, 1 = as recorded. */
  readonly rate = $derived(this.#rate);
  readonly url = $derived(this.#source?.url ?? null);
  /** For the user: the media's failure, or which frame is shown in place of the wanted one. */
  readonly error = $derived.by((): string | null => {
    const state = this.#state;
    if (this.#failure !== null) return this.#failure;
    return state.kind === 'lost' ? playerTexts.otherFrame(state.target, state.shown) : null;
  });

  /** Takes a new source and goes to its first frame. Resolves when taken; `confirmed` tells when it shows. */
  async load(source: FrameSource): Promise<void> {
    this.#reset();
    this.#source = source;
    if (this.#video !== null) this.#begin();
  }

  /** Resolves when the frame is confirmed, could not be, or another seek took its place. Clamped to the video. */
  seek(frame: number): Promise<void> {
    if (this.#source === null || this.#failure !== null) return Promise.resolve();
    if (!this.#ready) {
      this.#firstFrame = frame;
      return Promise.resolve();
    }
    this.#settleWaiting();
    this.#feed({ kind: 'seek', frame });
    if (this.#state.kind !== 'seeking') return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Counts from where the user is going, so that fast steps add up. */
  step(delta: number): Promise<void> {
    return this.seek(Math.max(0, this.wanted) + delta);
  }

  play(): void {
    if (this.#ready && this.#failure === null) this.#feed({ kind: 'play' });
  }

  pause(): void {
    this.#feed({ kind: 'pause' });
  }

  setRate(rate: number): void {
    this.#rate = rate;
    if (this.#video !== null) this.#video.playbackRate = rate;
  }

  /** Lets the source go. The player can load again. */
  stop(): void {
    this.#video?.pause();
    this.#reset();
    this.#source = null;
  }

  /** For `VideoSurface`: the element that shows the source. The stop takes it back. */
  attach(video: HTMLVideoElement): Stop {
    this.#detach();
    if (typeof video.requestVideoFrameCallback !== 'function') {
      this.#failure = playerTexts.noCallback;
      return () => undefined;
    }
    this.#video = video;
    const stops = new Stops();
    this.#stops = stops;
    this.#listen(video, stops);
    this.#watchPictures(video, stops);
    if (this.#source !== null) this.#begin();
    return () => {
      stops.stop();
      if (this.#video === video) this.#detach();
    };
  }

  /** For `VideoSurface`: the element or video.js failed; `code` as in MediaError. */
  fail(code: number | undefined): void {
    if (this.#source === null) return;
    this.#reset();
    this.#failure = mediaErrorText(code);
  }

  #begin(): void {
    this.#ready = false;
    const video = this.#video;
    if (video !== null && video.readyState >= video.HAVE_CURRENT_DATA) this.#start();
  }

  #start(): void {
    const video = this.#video;
    if (video === null || this.#source === null || this.#failure !== null) return;
    // The element may still hold the source before; the data of the right one come with another event.
    if (video.currentSrc !== this.#absoluteUrl()) return;
    this.#state = nothingLoaded;
    this.#ready = true;
    video.playbackRate = this.#rate;
    this.#feed({ kind: 'seek', frame: this.#firstFrame });
  }

  #absoluteUrl(): string {
    return new URL(this.#source?.url ?? '', document.baseURI).href;
  }

  #listen(video: HTMLVideoElement, stops: Stops): void {
    const on = (target: EventTarget, name: string, listener: () => void): void => {
      target.addEventListener(name, listener);
      stops.add(() => target.removeEventListener(name, listener));
    };
    on(video, 'loadeddata', () => this.#start());
    on(video, 'ended', () => this.#feed({ kind: 'ended' }));
    // The browser itself may pause, for instance to save power.
    on(video, 'pause', () => !video.ended && this.#feed({ kind: 'pause' }));
    on(video, 'error', () => this.fail(video.error?.code));
    // A hidden page presents no pictures: look again when it is back.
    on(document, 'visibilitychange', () => {
      if (!document.hidden && this.#state.kind === 'lost')
        this.#feed({ kind: 'seek', frame: this.#state.target });
    });
  }

  /** Watches without a gap, so that no picture reaches the screen unseen. */
  #watchPictures(video: HTMLVideoElement, stops: Stops): void {
    let handle = 0;
    const watch = (): void => {
      handle = video.requestVideoFrameCallback((_, { mediaTime }) => {
        watch();
        if (this.#ready) this.#feed({ kind: 'presented', mediaTime, busy: video.seeking });
      });
    };
    watch();
    stops.add(() => video.cancelVideoFrameCallback(handle));
  }

  #feed(event: SeekEvent): void {
    const table = this.#source?.table;
    if (table === undefined) return;
    const { state, commands } = stepSeek(table, this.#state, event);
    this.#state = state;
    if (state.kind !== 'seeking') this.#calm();
    for (const command of commands) this.#carryOut(command);
  }

  #carryOut(command: SeekCommand): void {
    const video = this.#video;
    if (video === null) return;
    switch (command.kind) {
      case 'aim':
        video.currentTime = command.seconds;
        return this.#expectWithin(command.patience);
      case 'wait':
        return this.#expectWithin(command.patience);
      case 'pause':
        return video.pause();
      case 'play':
        void video.play().catch(() => this.#feed({ kind: 'pause' }));
    }
  }

  #expectWithin(ms: number): void {
    clearTimeout(this.#timer);
    if (!Number.isFinite(ms)) return;
    this.#timer = setTimeout(() => {
      if (document.hidden) this.#expectWithin(ms);
      else this.#feed({ kind: 'overdue', busy: this.#video?.seeking ?? false });
    }, ms);
  }

  #calm(): void {
    clearTimeout(this.#timer);
    this.#settleWaiting();
  }

  #settleWaiting(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #reset(): void {
    this.#calm();
    this.#state = nothingLoaded;
    this.#failure = null;
    this.#ready = false;
    this.#firstFrame = 0;
  }

  #detach(): void {
    this.#stops.stop();
    this.#video = null;
    this.#calm();
    const at = wantedFrame(this.#state);
    this.#state = nothingLoaded;
    this.#ready = false;
    this.#firstFrame = Math.max(0, at);
  }
}

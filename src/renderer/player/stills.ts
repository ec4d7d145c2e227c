import type { Clock } from '../../base/clock.ts';
import { frameCount, type FrameTable } from '../../domain/frame-time.ts';
import { clamp, type Rect } from '../../domain/geometry.ts';
import type { MediaKey } from '../../domain/identity.ts';
import type { MediaSource } from '../backend/backend.ts';
import { FrameClock, type VideoPort } from './frame-clock.ts';

/** A part of one picture of a media. */
export interface StillWish {
  media: MediaKey;
  kind: 'video' | 'image';
  frame: number;
  /** The part, relative to the picture, 0..1. */
  window: Rect;
}

export interface Still {
  /** `data:` URL of a JPEG of the part. */
  url: string;
  /** The part that it shows: the wish, cut to the picture. */
  window: Rect;
}

/** Longest side of a still, pixels of the screen. */
const side = 320;
/** Stills that are kept; each is some ten kilobytes. */
const kept = 200;
/** ms; a video that has not shown the frame by then is given up. */
const patience = 12_000;

/**
 * Cuts exact pictures out of media of this device, one after the other, in a video element of its own;
 * what is on the screen is not touched. Rejects where the media is not here or cannot be decoded.
 */
export class Stills {
  readonly #source: MediaSource;
  readonly #clock: Clock;
  readonly #document: Document;
  readonly #made = new Map<string, Still>();
  #last: Promise<unknown> = Promise.resolve();

  constructor({ source, clock, scope }: { source: MediaSource; clock: Clock; scope: Document }) {
    this.#source = source;
    this.#clock = clock;
    this.#document = scope;
  }

  take(wish: StillWish, signal: AbortSignal): Promise<Still> {
    const name = JSON.stringify(wish);
    const turn = this.#last.then(async () => {
      const known = this.#made.get(name);
      if (known !== undefined) return known;
      signal.throwIfAborted();
      const still = await this.#make(wish, AbortSignal.any([signal, AbortSignal.timeout(patience)]));
      this.#made.set(name, still);
      for (const oldest of this.#made.keys()) {
        if (this.#made.size <= kept) break;
        this.#made.delete(oldest);
      }
      return still;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #make({ media, kind, frame, window }: StillWish, signal: AbortSignal): Promise<Still> {
    const url = this.#source.playUrl(media);
    if (kind === 'image') return this.#cut(await this.#image(url, signal), window);
    const table = await this.#source.frameTable(media, signal);
    return this.#fromVideo({ url, table, frame: clamp(frame, 0, frameCount(table) - 1) }, window, signal);
  }

  async #image(url: string, signal: AbortSignal): Promise<HTMLImageElement> {
    const image = this.#document.createElement('img');
    image.src = url;
    await orAbort(image.decode(), signal);
    return image;
  }

  async #fromVideo(
    { url, table, frame }: { url: string; table: FrameTable; frame: number },
    window: Rect,
    signal: AbortSignal,
  ): Promise<Still> {
    const video = this.#document.createElement('video');
    video.muted = true;
    video.preload = 'auto';
    // Chromium presents no pictures of an element that is nowhere on the page.
    video.style.cssText = 'position:fixed;left:0;top:0;width:2px;height:2px;opacity:0.01;pointer-events:none';
    video.setAttribute('aria-hidden', 'true');
    this.#document.body.append(video);
    try {
      const loaded = new Promise((resolve, reject) => {
        video.addEventListener('loadeddata', resolve, { once: true });
        video.addEventListener('error', () => reject(new DOMException(video.error?.message ?? 'no video')), {
          once: true,
        });
      });
      video.src = url;
      await orAbort(loaded, signal);
      await orAbort(shown(new FrameClock(video as VideoPort, table, this.#clock), frame), signal);
      return this.#cut(video, window);
    } finally {
      video.removeAttribute('src');
      video.load();
      video.remove();
    }
  }

  #cut(picture: HTMLVideoElement | HTMLImageElement, wanted: Rect): Still {
    const [width, height] =
      picture instanceof HTMLVideoElement
        ? [picture.videoWidth, picture.videoHeight]
        : [picture.naturalWidth, picture.naturalHeight];
    const window = insideFrame(wanted);
    const [w, h] = [Math.max(1, window.width * width), Math.max(1, window.height * height)];
    const scale = Math.min(1, side / Math.max(w, h));
    const canvas = this.#document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(w * scale));
    canvas.height = Math.max(1, Math.round(h * scale));
    canvas
      .getContext('2d')
      ?.drawImage(picture, window.x * width, window.y * height, w, h, 0, 0, canvas.width, canvas.height);
    return { url: canvas.toDataURL('image/jpeg', 0.85), window };
  }
}

/** The part of a window that lies in the picture; the whole picture where none does. */
export function insideFrame({ x, y, width, height }: Rect): Rect {
  const [left, top] = [clamp(x, 0, 1), clamp(y, 0, 1)];
  const [right, bottom] = [clamp(x + width, 0, 1), clamp(y + height, 0, 1)];
  if (right <= left || bottom <= top) return { x: 0, y: 0, width: 1, height: 1 };
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function shown(clock: FrameClock, frame: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = clock.onChange(({ kind }) => {
      if (kind === 'confirmed') resolve();
      else if (kind === 'uncertain') reject(new DOMException('the frame was not shown'));
      else return;
      stop();
    });
    clock.seek(frame);
  });
}

/** Settles with the promise, or rejects as soon as the signal aborts. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

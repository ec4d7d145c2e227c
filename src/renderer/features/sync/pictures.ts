import type { Rect } from '../../../domain/geometry.ts';
import type { MediaKey } from '../../../domain/identity.ts';

/** What lies below the shapes of a conflict. */
export interface Backdrop {
  /** A part of the very frame, or the thumbnail of the whole media. */
  kind: 'still' | 'thumbnail';
  url: string;
  /** The part of the frame that it covers. */
  window: Rect;
}

/** Pictures of media of this device, as the conflicts need them. */
export interface Pictures {
  /** Width by height of the media's frames. */
  aspectOf(media: MediaKey): number;
  /**
   * The part of the frame where the media's file is here; else its thumbnail; else null. Rejects only
   * where it was given up.
   */
  backdrop(
    wish: { media: MediaKey; frame: number | null; window: Rect },
    signal: AbortSignal,
  ): Promise<Backdrop | null>;
}

import { TidemarkError } from '../../contract/errors.ts';
import { decodeFrameTable } from '../../domain/frame-time.ts';
import type { MediaSource } from './backend.ts';

/** Media over the page's own origin; `base` is empty but in tests. */
export function createMediaSource(base = ''): MediaSource {
  const at = (key: string, file: string): string => `${base}/media/${encodeURIComponent(key)}/${file}`;
  return {
    playUrl: (key) => at(key, 'play'),
    thumbnailUrl: (key) => at(key, 'thumbnail'),
    frameTable: async (key, signal) => {
      const reply = await fetch(at(key, 'frames'), { signal });
      if (!reply.ok) throw new TidemarkError('not-found', { status: reply.status, detail: 'frame table' });
      return decodeFrameTable(await reply.arrayBuffer());
    },
  };
}

import type { LocalMedia } from '../../contract/host-rpc.ts';
import type { MediaItem } from '../../store/types.ts';
import type { MediaSource } from '../backend/backend.ts';
import type { Pictures } from '../features/sync/pictures.ts';
import type { Stills } from '../player/stills.ts';

interface Sources {
  stills: Stills;
  source: MediaSource;
  local: ReadonlyMap<string, LocalMedia>;
  items: () => readonly MediaItem[];
}

const wholeFrame = { x: 0, y: 0, width: 1, height: 1 };
/** Of most cameras; used where nothing is known. */
const usualAspect = 16 / 9;

/** Stills and thumbnails of what is on this device. */
export function picturesOf({ stills, source, local, items }: Sources): Pictures {
  return {
    aspectOf: (key) => {
      const item = items().find((one) => one.key === key);
      const { width = 0, height = 0 } = local.get(key)?.probe ?? item ?? {};
      return width > 0 && height > 0 ? width / height : usualAspect;
    },
    backdrop: async ({ media, frame, window }, signal) => {
      const known = local.get(media);
      if (known === undefined) return null;
      const { probe, plays, hasThumbnail } = known;
      if (probe !== null && plays !== 'nothing' && frame !== null) {
        try {
          const still = await stills.take({ media, kind: probe.kind, frame, window }, signal);
          return { kind: 'still', ...still };
        } catch {
          // Cannot be decoded here, or not in time: its thumbnail then.
          signal.throwIfAborted();
        }
      }
      return hasThumbnail ? { kind: 'thumbnail', url: source.thumbnailUrl(media), window: wholeFrame } : null;
    },
  };
}

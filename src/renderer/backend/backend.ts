import { createContext } from 'svelte';
import type { MakeId } from '../../base/random.ts';
import type { Clock } from '../../base/clock.ts';
import type { Host, SectionPlace } from '../../contract/host-rpc.ts';
import type { AnnotationStore } from '../../store/types.ts';
import type { FrameTable } from '../../domain/frame-time.ts';
import type { MediaKey } from '../../domain/identity.ts';

/** Addresses of a media's files; the same under Electron's own scheme and in the browser. */
export interface MediaSource {
  playUrl(key: MediaKey): string;
  thumbnailUrl(key: MediaKey): string;
  /** The frame table of the playable file. Rejects with `TidemarkError`. */
  frameTable(key: MediaKey, signal: AbortSignal): Promise<FrameTable>;
}

export interface ImportTarget {
  account: string;
  projectId: number;
  sectionId: SectionPlace;
}

export interface Importer {
  /**
   * Takes one file. `onProgress` hears the bytes that have arrived, where the page sends them
   * itself. Resolves when the host has the whole file; rejects with `TidemarkError`.
   */
  add(
    file: File,
    target: ImportTarget,
    options: { onProgress: (done: number) => void; signal: AbortSignal },
  ): Promise<void>;
}

/** Everything outside of the page that the features use. Made in `main.ts`, or by a test. */
export interface Backend {
  host: Host;
  media: MediaSource;
  importer: Importer;
  openStore(accountId: string): Promise<AnnotationStore>;
  makeId: MakeId;
  clock: Clock;
}

export const [useBackend, provideBackend] = createContext<Backend>();

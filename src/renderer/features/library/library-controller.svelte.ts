import type { Host } from '../../../contract/host-rpc.ts';
import { faultOf, type Fault } from '../../../contract/errors.ts';
import type { Section } from '../../../domain/entity-types.ts';
import type { AnnotationStore, MediaItem } from '../../../store/types.ts';
import type { HostState } from '../../backend/host-state.svelte.ts';
import { LiveState } from '../../backend/live.svelte.ts';
import { itemsOfCards, mediaCards, type MediaCard } from './media-card.ts';

/** The media of one project: what is shown, searched and asked of the host. */
export class LibraryController {
  query = $state('');
  /** Key of the section that is shown; null = all. */
  section = $state<string | null>(null);
  readonly #items: LiveState<MediaItem[]>;
  readonly #host: Host;
  readonly #state: HostState;
  readonly #projectId: number;
  readonly #sections: () => readonly Section[];
  readonly #onFault: (fault: Fault) => void;

  constructor(options: {
    store: AnnotationStore;
    host: Host;
    state: HostState;
    projectId: number;
    sections: () => readonly Section[];
    onFault: (fault: Fault) => void;
  }) {
    this.#items = new LiveState(options.store.mediaList(options.projectId), []);
    this.#host = options.host;
    this.#state = options.state;
    this.#projectId = options.projectId;
    this.#sections = options.sections;
    this.#onFault = options.onFault;
  }

  /** The section that is shown; null for all, also where it is gone. */
  readonly current = $derived.by(() => this.#sections().find(({ key }) => key === this.section) ?? null);
  readonly items = $derived.by(() => this.#items.current);
  readonly all = $derived.by((): MediaCard[] =>
    mediaCards({
      items: this.#items.current,
      local: this.#state.media.values(),
      uploads: this.#state.uploads,
      fetches: this.#state.fetches,
      projectId: this.#projectId,
    }),
  );
  readonly shown = $derived.by((): MediaCard[] => {
    const needle = this.query.trim().toLowerCase();
    return this.all.filter(
      (card) =>
        (this.current === null || isIn(card, this.current)) && card.name.toLowerCase().includes(needle),
    );
  });

  /** What is shown and not on this device: a project, a section or what a search has found. */
  readonly remote = $derived.by((): MediaCard[] =>
    this.shown.filter(({ status, serverId }) => status.kind === 'remote' && serverId !== null),
  );

  /** What the server told of these, in the same order; of those that it has. */
  itemsOf(cards: readonly MediaCard[]): MediaItem[] {
    return itemsOfCards(this.#items.current, cards);
  }

  countIn(section: Section): number {
    return this.all.filter((card) => isIn(card, section)).length;
  }

  retry(card: MediaCard): Promise<void> {
    const method =
      card.status.kind === 'failed' && card.status.retry === 'upload' ? 'uploads.resume' : 'media.retry';
    return this.#ask(this.#host.call(method, { mediaKey: card.key }));
  }

  remove(card: MediaCard): Promise<void> {
    return this.#ask(this.#host.call('media.remove', { mediaKey: card.key }));
  }

  async #ask(call: Promise<unknown>): Promise<void> {
    try {
      await call;
    } catch (error) {
      this.#onFault(faultOf(error));
    }
  }
}

function isIn(card: MediaCard, { id, key }: Section): boolean {
  return card.sectionKey === key || (id !== 0 && card.sectionId === id);
}

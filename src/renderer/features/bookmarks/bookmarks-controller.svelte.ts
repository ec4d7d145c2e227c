import type { MakeId } from '../../../base/random.ts';
import { catalogRef, projectHome, type MediaKey } from '../../../domain/identity.ts';
import type { CatalogView } from '../../../store/types.ts';
import type { ProjectEdits } from '../../backend/project-edits.svelte.ts';
import { bookmarkRows, uriOf, type BookmarkedMedia, type BookmarkRow } from './bookmark-rows.ts';

/** A place that is about to be kept. */
export interface NewBookmark {
  media: { key: MediaKey; serverId: number | null };
  frame: number;
  /** Offered in the field. */
  name: string;
}

interface Options {
  edits: ProjectEdits;
  makeId: MakeId;
  projectId: number;
  catalog: () => CatalogView | null;
  medias: () => readonly BookmarkedMedia[];
  server: () => string | null;
}

/** The user's bookmarks in one project; whatever is done to them is one step that can be undone. */
export class BookmarksController {
  query = $state('');
  /** What is being named: a place that is still to be kept, or a bookmark. */
  typing = $state.raw<{ kind: 'new'; place: NewBookmark } | { kind: 'name'; key: string } | null>(null);
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  readonly rows = $derived.by((): BookmarkRow[] => {
    const { catalog, medias, server } = this.#options;
    const view = catalog();
    if (view === null) return [];
    const { bookmarks, sync } = view;
    return bookmarkRows({ bookmarks, sync, medias: medias(), server: server() });
  });

  /** Those whose own name or whose media's name has the text. */
  readonly found = $derived.by((): BookmarkRow[] => {
    const needle = this.query.trim().toLowerCase();
    return this.rows.filter(({ name, media }) =>
      [name, media?.name ?? ''].some((text) => text.toLowerCase().includes(needle)),
    );
  });

  at(media: MediaKey, frame: number): BookmarkRow | null {
    return this.rows.find((row) => row.media?.key === media && row.frame === frame) ?? null;
  }

  /** Asks for the name: of a new bookmark, or of the one that this frame has already. */
  ask(place: NewBookmark): void {
    const there = this.at(place.media.key, place.frame);
    this.query = '';
    this.typing = there === null ? { kind: 'new', place } : { kind: 'name', key: there.key };
  }

  /** Ends the typing; nothing is done where the text is empty or says what stands there already. */
  async finish(name: string): Promise<void> {
    const { typing } = this;
    this.typing = null;
    if (typing === null || name === '') return;
    if (typing.kind === 'new') await this.#create(typing.place, name);
    else if (this.rows.find(({ key }) => key === typing.key)?.name !== name)
      await this.#options.edits.apply('history.renameBookmark', [
        { kind: 'change', ref: catalogRef('bookmark', typing.key), fields: { name } },
      ]);
  }

  remove(key: string): Promise<boolean> {
    const ref = catalogRef('bookmark', key);
    return this.#options.edits.apply('history.deleteBookmark', [{ kind: 'delete', ref }]);
  }

  #create({ media, frame }: NewBookmark, name: string): Promise<boolean> {
    const { edits, makeId, projectId } = this.#options;
    const fields = { name, uri: uriOf(media, { projectId, frame }) };
    const ref = catalogRef('bookmark', makeId());
    const home = projectHome(projectId);
    return edits.apply('history.newBookmark', [{ kind: 'create', ref, type: 0, media: home, fields }]);
  }
}

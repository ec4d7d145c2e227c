import type { MakeId } from '../../../base/random.ts';
import { sectionPath } from '../../../domain/catalog-fields.ts';
import type { Section } from '../../../domain/entity-types.ts';
import { catalogRef, projectHome, type MediaKey } from '../../../domain/identity.ts';
import type { Change } from '../../../store/types.ts';
import { mediaRef } from '../../../sync/ports.ts';
import type { ProjectEdits } from '../../backend/project-edits.svelte.ts';

/** A section in the list: below those whose path its own begins with. */
export interface SectionRow {
  section: Section;
  depth: number;
}

/** The sections in the order of their paths; what the server hides is left out. */
export function sectionRows(sections: readonly Section[]): SectionRow[] {
  const shown = sections.filter(({ visible }) => visible);
  const paths = shown.flatMap(({ path }) => path ?? []);
  const orderOf = ({ path, name }: Section): string => path ?? name;
  return shown
    .toSorted((a, b) => orderOf(a).localeCompare(orderOf(b), undefined, { numeric: true }))
    .map((section) => ({
      section,
      depth: ancestorsOf(section).filter((path) => paths.includes(path)).length,
    }));
}

function ancestorsOf({ path }: Section): string[] {
  const labels = path?.split('.') ?? [];
  return labels.slice(1).map((_, i) => labels.slice(0, i + 1).join('.'));
}

/** A path for a new section that no other has; a server refuses one that is taken. */
export function freePath(name: string, taken: readonly string[], parent: string | null): string {
  // A dot would nest.
  const own = sectionPath(name).replaceAll('.', '_');
  const wanted = parent === null ? own : `${parent}.${own}`;
  for (let n = 1; ; n++) {
    const path = n === 1 ? wanted : `${wanted}_${n}`;
    if (!taken.includes(path)) return path;
  }
}

interface Options {
  edits: ProjectEdits;
  projectId: number;
  makeId: MakeId;
  sections: () => readonly Section[];
}

/** What people do to the sections of one project; each is one step that can be undone. */
export class SectionsController {
  /** The row whose name is being typed; `new` for one that is still to be made. */
  typing = $state<{ kind: 'new'; parent: Section | null } | { kind: 'name'; key: string } | null>(null);
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  readonly rows = $derived.by(() => sectionRows(this.#options.sections()));
  readonly history = $derived.by(() => this.#options.edits.history);

  /** Key of the new section; null where nothing was typed, or it was refused. */
  async create(name: string, parent: Section | null): Promise<string | null> {
    const key = this.#options.makeId();
    const taken = this.#options.sections().flatMap(({ path }) => path ?? []);
    const path = freePath(name, taken, parent?.path ?? null);
    const fields = { name, path, dtype: 'folder', visible: true };
    const media = projectHome(this.#options.projectId);
    const made = await this.#options.edits.apply('history.newSection', [
      { kind: 'create', ref: catalogRef('section', key), type: 0, media, fields },
    ]);
    return made ? key : null;
  }

  rename(key: string, name: string): Promise<boolean> {
    const change: Change = { kind: 'change', ref: catalogRef('section', key), fields: { name } };
    return this.#options.edits.apply('history.renameSection', [change]);
  }

  /** Only of an empty folder: an undo makes the section again, but not what a server held in it. */
  remove({ key }: Section): Promise<boolean> {
    return this.#options.edits.apply('history.deleteSection', [
      { kind: 'delete', ref: catalogRef('section', key) },
    ]);
  }

  move(media: MediaKey, section: Section | null): Promise<boolean> {
    return this.#options.edits.apply('history.moveToSection', [moved(media, section)]);
  }

  undo(): Promise<boolean> {
    return this.#options.edits.undo();
  }

  redo(): Promise<boolean> {
    return this.#options.edits.redo();
  }
}

function moved(media: MediaKey, section: Section | null): Change {
  const place = section === null ? null : section.id === 0 ? section.key : section.id;
  return { kind: 'change', ref: mediaRef(media), fields: { section_id: place } };
}

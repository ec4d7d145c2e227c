import type { Clock } from '../base/clock.ts';
import { sameJson } from '../base/json.ts';
import type { Project, ProjectCatalog } from '../domain/entity-types.ts';
import { completed, readCatalog, underKnownKeys } from './catalog-table.ts';
import { isHidden } from './hidden-projects.ts';
import type { TidemarkDatabase } from './schema.ts';
import type { Recorder } from './types.ts';

/*
 * What has to be known to annotate at all: the projects with their types, versions and vocabulary.
 * It is the server's and would be read again, but a database that is lost at sea must not lock the
 * user out of his work for weeks. So it has a second copy in a log of its own beside the recorder's:
 * whenever it changed, all of it is appended, and what was before is released.
 *
 * A project that the server does not list any more is hidden; the work on it is kept, and the second
 * copy holds nothing of it: when it is listed again, it is read again.
 */

type OutlineLine =
  { v: 1; kind: 'projects'; projects: Project[] } | { v: 1; kind: 'catalog'; catalog: ProjectCatalog };

const readAtOnce = 1000;

/** Writes projects and catalogs, where they differ from what is there, and their second copy. */
export class Outline {
  readonly #db: TidemarkDatabase;
  readonly #log: Recorder | null;
  readonly #clock: Clock;
  /** Whether the log is to be written; at first nobody knows what is in it. */
  #stale = true;
  #isCopying = false;

  constructor({ db, log, clock }: { db: TidemarkDatabase; log: Recorder | null; clock: Clock }) {
    this.#db = db;
    this.#log = log;
    this.#clock = clock;
  }

  /** These are all projects that the user may see at present. */
  async saveProjects(projects: Project[]): Promise<void> {
    const { projects: table } = this.#db;
    await this.#db.transaction('rw', table, async () => {
      const before = new Map((await table.toArray()).map((project) => [project.id, project]));
      const changed = projects.filter((project) => !sameJson(project, before.get(project.id)));
      const kept = new Set(projects.map(({ id }) => id));
      const hiddenSince = this.#clock.now();
      const hidden = [...before.values()]
        .filter((project) => !kept.has(project.id) && !isHidden(project))
        .map((project) => ({ ...project, hiddenSince }));
      this.#stale ||= changed.length + hidden.length > 0;
      await table.bulkPut([...changed, ...hidden]);
    });
  }

  async saveCatalog(told: ProjectCatalog): Promise<void> {
    const { catalogs } = this.#db;
    const projectId = told.project.id;
    await this.#db.transaction('rw', catalogs, async () => {
      const before = await readCatalog(this.#db, projectId);
      await this.#put(before, before === null ? completed(told) : underKnownKeys(before, completed(told)));
    });
    if (!this.#isCopying) void this.#copy();
  }

  /** Changes a catalog that is there, for what was told of a part of it. */
  async changeCatalog(projectId: number, change: (catalog: ProjectCatalog) => ProjectCatalog): Promise<void> {
    await this.#db.transaction('rw', this.#db.catalogs, async () => {
      const before = await readCatalog(this.#db, projectId);
      if (before !== null) await this.#put(before, underKnownKeys(before, change(before)));
    });
    if (!this.#isCopying) void this.#copy();
  }

  async #put(before: ProjectCatalog | null, catalog: ProjectCatalog): Promise<void> {
    if (sameJson(before, catalog)) return;
    this.#stale = true;
    await this.#db.catalogs.put({ projectId: catalog.project.id, catalog });
  }

  /** Puts the second copy into a database that knows no project. */
  async restore(): Promise<void> {
    if (this.#log === null || (await this.#db.projects.count()) > 0) return;
    const { projects, catalogs } = newest(await readLines(this.#log));
    const { projects: projectTable, catalogs: catalogTable } = this.#db;
    await this.#db.transaction('rw', [projectTable, catalogTable], async () => {
      if ((await projectTable.count()) > 0) return;
      await Promise.all([
        projectTable.bulkPut(projects),
        catalogTable.bulkPut(catalogs.map((catalog) => ({ projectId: catalog.project.id, catalog }))),
      ]);
    });
  }

  /** A copy that fails is made again after the next reading of a catalog; nobody waits for it. */
  async #copy(): Promise<void> {
    this.#isCopying = true;
    try {
      while (this.#stale && this.#log !== null) {
        this.#stale = false;
        const tables = [this.#db.projects, this.#db.catalogs];
        const lines = await this.#db.transaction('r', tables, () => linesOf(this.#db));
        const { seq } = await this.#log.append(lines.map((line) => JSON.stringify(line)));
        await this.#log.release(seq - lines.length);
      }
    } catch {
      this.#stale = true;
    } finally {
      this.#isCopying = false;
    }
  }
}

async function linesOf(db: TidemarkDatabase): Promise<OutlineLine[]> {
  const [projects, catalogs] = await Promise.all([db.projects.toArray(), db.catalogs.toArray()]);
  const shown = projects.filter((project) => !isHidden(project));
  const mine = new Set(shown.map(({ id }) => id));
  return [
    { v: 1, kind: 'projects', projects: shown },
    ...catalogs
      .filter(({ projectId }) => mine.has(projectId))
      .map(({ catalog }): OutlineLine => ({ v: 1, kind: 'catalog', catalog })),
  ];
}

/** What the newest copy holds; one that was cut off is passed over for the one before. */
function newest(lines: OutlineLine[]): { projects: Project[]; catalogs: ProjectCatalog[] } {
  const at = lines.findLastIndex(({ kind }) => kind === 'projects');
  const first = lines[at];
  if (first?.kind !== 'projects') return { projects: [], catalogs: [] };
  const catalogs = new Map<number, ProjectCatalog>();
  for (const line of lines) if (line.kind === 'catalog') catalogs.set(line.catalog.project.id, line.catalog);
  const { projects } = first;
  return { projects, catalogs: projects.flatMap(({ id }) => catalogs.get(id) ?? []) };
}

async function readLines(log: Recorder): Promise<OutlineLine[]> {
  const lines: OutlineLine[] = [];
  for (let after = 0; ;) {
    const { entries, last } = await log.read(after, readAtOnce);
    for (const { seq, body } of entries) {
      const line = parseLine(body);
      if (line !== null) lines.push(line);
      after = seq;
    }
    if (entries.length === 0 || after >= last) return lines;
  }
}

/** The line of a body; null for one that this program did not write. */
function parseLine(body: string): OutlineLine | null {
  try {
    const value = JSON.parse(body) as { v?: unknown; kind?: unknown; projects?: unknown; catalog?: unknown };
    if (value.v !== 1) return null;
    if (value.kind === 'projects' && Array.isArray(value.projects)) return value as OutlineLine;
    if (value.kind === 'catalog' && typeof value.catalog === 'object' && value.catalog !== null)
      return value as OutlineLine;
  } catch {
    // Not written by this program.
  }
  return null;
}

import { groupBy } from '../base/group.ts';
import { attributesOf } from '../domain/fields.ts';
import { entityKey, type EntityKey, type MediaKey } from '../domain/identity.ts';
import { mediaFields } from '../domain/media-fields.ts';
import {
  mediaRef,
  type Attempt,
  type Conflict,
  type Edit,
  type OutboxCounts,
  type ServerRow,
} from '../sync/ports.ts';
import { getMany, whereAny } from './lookup-many.ts';
import { contentOf } from './overlay.ts';
import type { Pages, ParsedPage } from './pages.ts';
import type { MediaRecord, TidemarkDatabase } from './schema.ts';
import type { Annotation, EntitySync, MediaItem } from './types.ts';

/**
 * Views join page and overlay. Pages that no edit lies over keep their list of `Annotation`s from one
 * view to the next, and rows their `Annotation`, so that a large media costs little to show again.
 */
export class Views {
  readonly #db: TidemarkDatabase;
  readonly #pages: Pages;
  readonly #plain = new WeakMap<ServerRow, Annotation>();
  readonly #plainPages = new WeakMap<ParsedPage['rows'], readonly Annotation[]>();

  constructor(db: TidemarkDatabase, pages: Pages) {
    this.#db = db;
    this.#pages = pages;
  }

  async annotations(media: MediaKey, versions: number[]): Promise<Annotation[]> {
    const db = this.#db;
    return db.transaction(
      'r',
      [db.pageHeads, db.pageBlobs, db.edits, db.attempts, db.conflicts],
      async () => {
        const [pages, edits, conflicts] = await Promise.all([
          this.#pages.ofMedia(media),
          db.edits.where('media').equals(media).toArray(),
          db.conflicts.where('media').equals(media).toArray(),
        ]);
        const attempts = await getMany(
          db.attempts,
          edits.map(({ key }) => key),
        );
        const overlay = {
          edits: new Map(edits.map((edit, i) => [edit.key, { edit, attempt: attempts[i] }])),
          conflicts: groupBy(conflicts, ({ key }) => key),
        };
        const wanted = versions.length === 0 ? null : new Set(versions);
        const shown = pages.filter(({ head }) => wanted === null || wanted.has(head.version));
        const own = this.#ownOf(overlay, pages);
        return [
          ...shown.flatMap((page) => this.#ofPage(page, overlay)),
          ...own.filter(({ ref }) => wanted === null || wanted.has(ref.version)),
        ];
      },
    );
  }

  /** The medias with the user's own work on them, in the order of the records. */
  async mediaItems(records: MediaRecord[]): Promise<MediaItem[]> {
    const db = this.#db;
    const keys = records.map(({ key }) => entityKey(mediaRef(key)));
    const [edits, attempts, conflicts] = await db.transaction(
      'r',
      [db.edits, db.attempts, db.conflicts],
      () =>
        Promise.all([
          getMany(db.edits, keys),
          getMany(db.attempts, keys),
          whereAny(db.conflicts, 'key', keys),
        ]),
    );
    const conflictsOf = groupBy(conflicts, ({ key }) => key);
    return records.map((record, i) =>
      mediaItemOf(record, edits[i], attempts[i], conflictsOf.get(keys[i] ?? '')),
    );
  }

  /** What is to be seen of a page's rows where no edit lies over them. */
  #ofPage({ head, rows }: ParsedPage, { edits, conflicts }: Overlay): readonly Annotation[] {
    const known = this.#plainPages.get(rows);
    const plain = known ?? rows.flatMap((row) => (row.deleted ? [] : [this.#plainOf(row)]));
    if (known === undefined) this.#plainPages.set(rows, plain);
    const isHere = ({ ref }: Edit | Conflict): boolean =>
      ref.kind === head.kind && ref.version === head.version && this.#pages.rowIn(rows, ref) !== undefined;
    const touched = new Set<EntityKey>();
    for (const [key, { edit }] of edits) if (isHere(edit)) touched.add(key);
    for (const [key, [conflict]] of conflicts) if (conflict && isHere(conflict)) touched.add(key);
    if (touched.size === 0) return plain;
    return plain.flatMap((annotation): Annotation[] => {
      if (!touched.has(annotation.key)) return [annotation];
      return edits.has(annotation.key) ? [] : [{ ...annotation, sync: 'conflict' }];
    });
  }

  /** What the user's edits make of their entities. */
  #ownOf({ edits, conflicts }: Overlay, pages: ParsedPage[]): Annotation[] {
    return [...edits].flatMap(([key, { edit, attempt }]): Annotation[] => {
      if (edit.op === 'delete' || (edit.ref.kind !== 'localization' && edit.ref.kind !== 'state')) return [];
      const { ref, type, media } = edit;
      const sync = syncOf(edit, attempt, conflicts.get(key));
      const home = pages.filter(({ head }) => head.kind === ref.kind && head.version === ref.version);
      const base = home.map(({ rows }) => this.#pages.rowIn(rows, ref)).find((row) => row !== undefined);
      return [{ key, ref, type, media, fields: contentOf(edit), base: base ?? edit.base, sync }];
    });
  }

  #plainOf(row: ServerRow): Annotation {
    const known = this.#plain.get(row);
    if (known !== undefined) return known;
    const { ref, type, media, fields } = row;
    const plain: Annotation = { key: entityKey(ref), ref, type, media, fields, base: row, sync: 'synced' };
    this.#plain.set(row, plain);
    return plain;
  }
}

interface Overlay {
  edits: Map<EntityKey, { edit: Edit; attempt: Attempt | undefined }>;
  conflicts: Map<EntityKey, Conflict[]>;
}

/** How an entity with this overlay stands towards the server; the worst first. */
export function syncOf(
  edit: Edit | undefined,
  attempt: Attempt | undefined,
  conflicts: Conflict[] | undefined,
): EntitySync {
  if (conflicts !== undefined && conflicts.length > 0) return 'conflict';
  if (edit === undefined) return 'synced';
  if (edit.status.kind === 'parked') return 'parked';
  return attempt?.state === 'in-doubt' ? 'in-doubt' : 'unsynced';
}

/** A media as the user sees it: what was listed of it, and his own work over that. */
function mediaItemOf(
  record: MediaRecord,
  edit: Edit | undefined,
  attempt: Attempt | undefined,
  conflicts: Conflict[] | undefined,
): MediaItem {
  const { key, projectId, serverId, type, kind, width, height, frameCount, fps } = record;
  const { server, addedAt } = record;
  const fields = { ...mediaFields(record), ...edit?.changes };
  const name = typeof fields.name === 'string' ? fields.name : record.name;
  const sectionId = typeof fields.section_id === 'number' ? fields.section_id : null;
  const size = { width, height, frameCount, fps };
  const sectionKey = typeof fields.section_id === 'string' ? fields.section_id : null;
  const identity = { key, projectId, serverId, type, kind, name, sectionId, sectionKey };
  const sync = syncOf(edit, attempt, conflicts);
  return { ...identity, ...size, attributes: attributesOf(fields), server, addedAt, sync };
}

export async function countOutbox(db: TidemarkDatabase): Promise<OutboxCounts> {
  const [unconfirmed, parked, inDoubt, conflicts] = await Promise.all([
    db.edits.count(),
    db.edits.where('status.kind').equals('parked').count(),
    db.attempts.where('state').equals('in-doubt').count(),
    db.conflicts.count(),
  ]);
  return { unsynced: unconfirmed - parked, inDoubt, parked, conflicts };
}

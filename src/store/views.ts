import { groupBy } from '../base/group.ts';
import { attributesOf } from '../domain/fields.ts';
import { entityKey, type MediaKey } from '../domain/identity.ts';
import { mediaFields } from '../domain/media-fields.ts';
import type { Attempt, Conflict, Edit, OutboxCounts, ServerRow } from '../sync/ports.ts';
import { contentOf } from './overlay.ts';
import type { Pages } from './pages.ts';
import type { MediaRecord, TidemarkDatabase } from './schema.ts';
import type { Annotation, EntitySync, MediaItem } from './types.ts';

/**
 * Views join page and overlay. Rows that no edit lies over keep their `Annotation` object from one
 * view to the next, so that a large media costs little to show again.
 */
export class Views {
  readonly #db: TidemarkDatabase;
  readonly #pages: Pages;
  readonly #plain = new WeakMap<ServerRow, Annotation>();

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
        const attempts = await db.attempts.bulkGet(edits.map(({ key }) => key));
        const overlay = { edits, attempts, conflicts: groupBy(conflicts, ({ key }) => key) };
        const wanted = versions.length === 0 ? null : new Set(versions);
        return this.#joined(
          pages.flatMap(({ rows }) => rows),
          overlay,
        ).filter(({ ref }) => wanted === null || wanted.has(ref.version));
      },
    );
  }

  #joined(rows: readonly ServerRow[], overlay: Overlay): Annotation[] {
    const edits = new Map(overlay.edits.map((edit, i) => [edit.key, { edit, attempt: overlay.attempts[i] }]));
    const seen: Annotation[] = [];
    const based = new Map<string, ServerRow>();
    for (const row of rows) {
      const key = this.#keyOf(row);
      if (edits.has(key)) based.set(key, row);
      else if (!row.deleted) seen.push(this.#plainOf(row, overlay.conflicts.get(key)));
    }
    for (const [key, { edit, attempt }] of edits) {
      if (edit.op === 'delete' || edit.ref.kind === 'media') continue;
      const { ref, type, media } = edit;
      const sync = syncOf(edit, attempt, overlay.conflicts.get(key));
      seen.push({ key, ref, type, media, fields: contentOf(edit), base: based.get(key) ?? edit.base, sync });
    }
    return seen;
  }

  #keyOf(row: ServerRow): string {
    return this.#plain.get(row)?.key ?? entityKey(row.ref);
  }

  #plainOf(row: ServerRow, conflicts: Conflict[] | undefined): Annotation {
    const known = this.#plain.get(row);
    const plain: Annotation = known ?? {
      key: entityKey(row.ref),
      ref: row.ref,
      type: row.type,
      media: row.media,
      fields: row.fields,
      base: row,
      sync: 'synced',
    };
    if (known === undefined) this.#plain.set(row, plain);
    return conflicts === undefined ? plain : { ...plain, sync: 'conflict' };
  }
}

interface Overlay {
  edits: Edit[];
  attempts: (Attempt | undefined)[];
  conflicts: Map<string, Conflict[]>;
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
export function mediaItemOf(
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
  const identity = { key, projectId, serverId, type, kind, name, sectionId };
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

import { groupBy } from '../base/group.ts';
import type { EntityKind, EntityRef, MediaKey } from '../domain/identity.ts';
import { entityKey, type EntityKey } from '../domain/identity.ts';
import type { ServerRow } from '../sync/ports.ts';
import { pageSize, type PageHead, type TidemarkDatabase } from './schema.ts';

/** A page, parsed. Its rows are never changed in place: other readers hold them too. */
export interface ParsedPage {
  head: PageHead;
  rows: readonly ServerRow[];
}

/** Parsed pages kept in memory; about 200 MB of rows at the most. */
const cachedPages = 400;

/**
 * Reads and writes server truth. Parsed pages are kept by digest, so a query of a media whose pages
 * did not change reads only their heads.
 */
export class Pages {
  readonly #db: TidemarkDatabase;
  /** By digest, oldest use first. */
  readonly #cache = new Map<string, readonly ServerRow[]>();

  constructor(db: TidemarkDatabase) {
    this.#db = db;
  }

  async ofMedia(media: MediaKey): Promise<ParsedPage[]> {
    return this.#parsed(await this.#db.pageHeads.where('media').equals(media).toArray());
  }

  /** Server truth of the entities, by key; entities without any are absent. */
  async rows(places: { ref: EntityRef; media: MediaKey }[]): Promise<Map<EntityKey, ServerRow>> {
    const wanted = new Set(places.map(({ ref }) => entityKey(ref)));
    const medias = [...new Set(places.map(({ media }) => media))];
    const pages = await this.#parsed(await this.#db.pageHeads.where('media').anyOf(medias).toArray());
    const found = new Map<EntityKey, ServerRow>();
    for (const { rows } of pages) {
      for (const row of rows) {
        const key = entityKey(row.ref);
        if (wanted.has(key)) found.set(key, row);
      }
    }
    return found;
  }

  /** Puts rows in place of what is known of their entities; null takes the entity out. */
  async write(
    changes: { place: { ref: EntityRef; media: MediaKey }; row: ServerRow | null }[],
  ): Promise<void> {
    const books = groupBy(changes, ({ place }) => bookOf(place));
    const medias = [...new Set(changes.map(({ place }) => place.media))];
    const pages = await this.#parsed(await this.#db.pageHeads.where('media').anyOf(medias).toArray());
    const pagesOf = groupBy(pages, ({ head }) => bookOf({ media: head.media, ref: head }));
    const written: ParsedPage[] = [];
    const emptied: string[] = [];
    for (const [book, changed] of books) {
      const rows = new Map(changed.map(({ place, row }) => [entityKey(place.ref), row]));
      const place = changed[0]?.place;
      if (place === undefined) continue;
      for (const page of rewritten(pagesOf.get(book) ?? [], rows, place)) {
        if (page.rows.length === 0) emptied.push(page.head.id);
        else written.push(page);
      }
    }
    await this.#put(written, emptied);
  }

  async #put(pages: ParsedPage[], emptied: string[]): Promise<void> {
    const blobs = pages.map(({ head, rows }) => ({ id: head.id, json: JSON.stringify(rows) }));
    const heads = pages.map(({ head, rows }, i) => ({
      ...head,
      count: rows.length,
      digest: digestOf(blobs[i]?.json ?? ''),
    }));
    heads.forEach((head, i) => this.#remember(head.digest, pages[i]?.rows ?? []));
    await Promise.all([
      this.#db.pageHeads.bulkPut(heads),
      this.#db.pageBlobs.bulkPut(blobs),
      this.#db.pageHeads.bulkDelete(emptied),
      this.#db.pageBlobs.bulkDelete(emptied),
    ]);
  }

  async #parsed(heads: PageHead[]): Promise<ParsedPage[]> {
    const missing = heads.filter(({ digest }) => !this.#cache.has(digest));
    if (missing.length > 0) {
      const blobs = await this.#db.pageBlobs.bulkGet(missing.map(({ id }) => id));
      const read = new Map(
        missing.map((head, i) => [head.id, JSON.parse(blobs[i]?.json ?? '[]') as ServerRow[]]),
      );
      return heads.map((head) => ({ head, rows: this.#remember(head.digest, read.get(head.id)) }));
    }
    return heads.map((head) => ({ head, rows: this.#remember(head.digest, undefined) }));
  }

  /** The rows of a digest, which become the most recently used. */
  #remember(digest: string, fresh: readonly ServerRow[] | undefined): readonly ServerRow[] {
    const rows = this.#cache.get(digest) ?? fresh ?? [];
    this.#cache.delete(digest);
    this.#cache.set(digest, rows);
    if (this.#cache.size > cachedPages) {
      const oldest = this.#cache.keys().next();
      if (!oldest.done) this.#cache.delete(oldest.value);
    }
    return rows;
  }
}

/** All pages of one media, version and kind. */
function bookOf({ media, ref }: { media: MediaKey; ref: { version: number; kind: EntityKind } }): string {
  return `${media}|${ref.version}|${ref.kind}`;
}

/** The pages that differ after the changes; new rows fill the last page, then open others. */
function rewritten(
  pages: ParsedPage[],
  changes: Map<EntityKey, ServerRow | null>,
  place: { ref: EntityRef; media: MediaKey },
): ParsedPage[] {
  const rest = new Map(changes);
  const touched = new Map<number, ParsedPage>();
  for (const page of pages) {
    const rows = page.rows.flatMap((row) => {
      const change = rest.get(entityKey(row.ref));
      if (change === undefined) return [row];
      rest.delete(entityKey(row.ref));
      return change === null ? [] : [change];
    });
    const same = rows.length === page.rows.length && rows.every((row, i) => row === page.rows[i]);
    if (!same) touched.set(page.head.n, { head: page.head, rows });
  }
  const fresh = [...rest.values()].filter((row) => row !== null);
  const last = pages.reduce<ParsedPage | null>((a, b) => (a === null || b.head.n > a.head.n ? b : a), null);
  let n = last?.head.n ?? 0;
  let open = last === null ? [] : [...(touched.get(n)?.rows ?? last.rows)];
  for (let from = 0; from < fresh.length;) {
    const room = pageSize - open.length;
    open = [...open, ...fresh.slice(from, from + room)];
    from += room;
    touched.set(n, { head: headOf(place, n), rows: open });
    n += 1;
    open = [];
  }
  return [...touched.values()];
}

function headOf({ ref, media }: { ref: EntityRef; media: MediaKey }, n: number): PageHead {
  const { version, kind } = ref;
  return { id: `${bookOf({ media, ref })}|${n}`, media, version, kind, n, digest: '', count: 0 };
}

/** A digest of a text for telling pages apart (53 bits of a multiplicative hash, and the length); not for security. */
function digestOf(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return `${text.length.toString(36)}-${(high >>> 0).toString(36)}-${(low >>> 0).toString(36)}`;
}

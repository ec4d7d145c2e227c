import { Dexie } from 'dexie';
import { groupBy } from '../base/group.ts';
import { sameJson } from '../base/json.ts';
import type { MakeId } from '../base/random.ts';
import { addPrints, sumOfPrints } from '../base/row-prints.ts';
import type { ElementalId, EntityKind, EntityRef, MediaKey } from '../domain/identity.ts';
import { entityKey, type EntityKey } from '../domain/identity.ts';
import type { Place, RowMark, ServerRow } from '../sync/ports.ts';
import { whereAny } from './lookup-many.ts';
import { packRows, unpackMarks, unpackRows } from './pack.ts';
import { PackedBook, PackedPage } from './packed-page.ts';
import { pageSize, type PageHead, type TidemarkDatabase } from './schema.ts';

/** A page, parsed. Its rows are never changed in place: other readers hold them too. */
export interface ParsedPage {
  head: PageHead;
  rows: readonly ServerRow[];
}

/** Parsed pages kept in memory: some 30 MB of rows. */
const cachedPages = 100;

/**
 * Reads and writes server truth. Parsed pages are kept by digest, so a query of a media whose pages
 * did not change reads only their heads.
 */
export class Pages {
  readonly #db: TidemarkDatabase;
  readonly #makeId: MakeId;
  /** By digest, oldest use first. */
  readonly #cache = new Map<string, readonly ServerRow[]>();
  /** Where in a page an element is; made when first asked for, gone with the page. */
  readonly #indexes = new WeakMap<readonly ServerRow[], ReadonlyMap<ElementalId, number>>();

  /** The heads that a transaction has read. */
  readonly #read = new WeakMap<object, { medias: ReadonlySet<MediaKey>; heads: PageHead[] }>();

  constructor(db: TidemarkDatabase, makeId: MakeId) {
    this.#db = db;
    this.#makeId = makeId;
  }

  async ofMedia(media: MediaKey): Promise<ParsedPage[]> {
    return this.#parsed(await this.#heads([media]));
  }

  /** Which rows of the media there are; much cheaper than the rows, which it neither parses nor keeps. */
  async marksOf(media: MediaKey, kind: EntityKind): Promise<RowMark[]> {
    const heads = (await this.#heads([media])).filter((head) => head.kind === kind);
    const blobs = await this.#db.pageBlobs.bulkGet(heads.map(({ id }) => id));
    return blobs.flatMap((blob) => (blob === undefined ? [] : unpackMarks(blob.json)));
  }

  /** Of the prints of all rows of the kind, for each of the medias; null where a row has none. */
  async sumsOf(
    medias: readonly MediaKey[],
    kind: EntityKind,
  ): Promise<{ sum: number | null; count: number }[]> {
    const heads = (await this.#heads([...new Set(medias)])).filter((head) => head.kind === kind);
    const ofMedia = groupBy(heads, ({ media }) => media);
    return medias.map((media) => {
      const own = ofMedia.get(media) ?? [];
      return { sum: sumOfHeads(own), count: countOf(own) };
    });
  }

  /** Whether these are all rows of the media and kind, in any order, each as it is known. */
  async areAll(media: MediaKey, kind: EntityKind, rows: readonly ServerRow[]): Promise<boolean> {
    const heads = (await this.#heads([media])).filter((head) => head.kind === kind);
    if (countOf(heads) !== rows.length) return false;
    const inOrder = heads.toSorted((a, b) => a.n - b.n);
    const blobs = await this.#db.pageBlobs.bulkGet(inOrder.map(({ id }) => id));
    const pages = inOrder.map((head, i) => ({ head, page: new PackedPage(blobs[i]?.json ?? '[]') }));
    const books = new Map(
      [...groupBy(pages, ({ head }) => head.version)].map(([version, own]) => [
        version,
        new PackedBook(own.map(({ page }) => page)),
      ]),
    );
    return rows.every((row) => books.get(row.ref.version)?.take(row) === true);
  }

  /** Takes over the prints of rows that are known, which `areAll` has just said of them. */
  async notePrints(media: MediaKey, kind: EntityKind, rows: readonly ServerRow[]): Promise<void> {
    const heads = (await this.#heads([media])).filter((head) => head.kind === kind);
    const lacking = heads.filter((head) => !hasSum(head));
    const told = new Map(rows.map((row) => [entityKey(row.ref), row]));
    // Where all have one, any of them may be old.
    const pages = await this.#parsed(lacking.length > 0 ? lacking : heads);
    const renewed = pages.flatMap((page) =>
      page.rows.flatMap(({ ref, print }) => {
        const row = told.get(entityKey(ref));
        return row?.print === undefined || row.print === print ? [] : [{ place: { ref, media }, row }];
      }),
    );
    if (renewed.length > 0) await this.write(renewed);
  }

  /** Server truth of the entities, by key; entities without any are absent. */
  async rows(places: Place[]): Promise<Map<EntityKey, ServerRow>> {
    const pages = await this.#parsed(await this.#headsOf(places));
    const found = new Map<EntityKey, ServerRow>();
    if (pages.length === 0) return found;
    const books = byBook(places, (place) => place);
    for (const { head, rows } of pages) {
      for (const { ref } of books.get(bookOfHead(head)) ?? []) {
        const row = this.rowIn(rows, ref);
        if (row !== undefined) found.set(entityKey(ref), row);
      }
    }
    return found;
  }

  /** The rows of one page. */
  async ofHead(head: PageHead): Promise<ParsedPage['rows']> {
    return (await this.#parsed([head]))[0]?.rows ?? [];
  }

  /** The row of an element of the page's kind and version. */
  rowIn(rows: ParsedPage['rows'], { elementalId }: EntityRef): ServerRow | undefined {
    const at = this.#indexOf(rows).get(elementalId);
    return at === undefined ? undefined : rows[at];
  }

  /** Puts rows in place of what is known of their entities; null takes the entity out. */
  async write(changes: { place: Place; row: ServerRow | null }[]): Promise<void> {
    const books = byBook(changes, ({ place }) => place);
    const pages = await this.#parsed(await this.#headsOf(changes.map(({ place }) => place)));
    const pagesOf = groupBy(pages, ({ head }) => bookOfHead(head));
    const written: ParsedPage[] = [];
    const emptied: string[] = [];
    for (const [book, changed] of books) {
      const place = changed[0]?.place;
      if (place === undefined) continue;
      const known = pagesOf.get(book);
      if (known === undefined) {
        written.push(
          ...firstPages(
            changed.flatMap(({ row }) => (row === null ? [] : [row])),
            place,
          ),
        );
        continue;
      }
      const rows = new Map(changed.map((change) => [change.place.ref.elementalId, change.row]));
      const indexed = known.map((page) => ({ ...page, index: this.#indexOf(page.rows) }));
      for (const page of rewritten(indexed, rows, place)) {
        if (page.rows.length === 0) emptied.push(page.head.id);
        else written.push(page);
      }
    }
    await this.#put(written, emptied);
  }

  #indexOf(rows: readonly ServerRow[]): ReadonlyMap<ElementalId, number> {
    const known = this.#indexes.get(rows);
    if (known !== undefined) return known;
    const index = new Map(rows.map(({ ref }, at) => [ref.elementalId, at]));
    this.#indexes.set(rows, index);
    return index;
  }

  /** Heads of the medias that the places are of; a write in the transaction of its read does not ask again. */
  async #headsOf(places: { media: MediaKey }[]): Promise<PageHead[]> {
    const medias = new Set<MediaKey>();
    let last: MediaKey | null = null;
    for (const { media } of places) {
      // Rows come media by media: most are of the same as the one before.
      if (media !== last) medias.add(media);
      last = media;
    }
    const transaction = Dexie.currentTransaction as object | null;
    const read = transaction === null ? undefined : this.#read.get(transaction);
    if (read !== undefined && [...medias].every((one) => read.medias.has(one)))
      return read.heads.filter((head) => medias.has(head.media));
    const heads = await this.#heads([...medias]);
    if (transaction !== null) this.#read.set(transaction, { medias, heads });
    return heads;
  }

  #heads(medias: MediaKey[]): Promise<PageHead[]> {
    return whereAny(this.#db.pageHeads, 'media', medias);
  }

  async #put(pages: ParsedPage[], emptied: string[]): Promise<void> {
    const transaction = Dexie.currentTransaction as object | null;
    if (transaction !== null) this.#read.delete(transaction);
    const blobs = pages.map(({ head, rows }) => ({ id: head.id, json: packRows(rows) }));
    const heads = pages.map(({ head, rows }) => ({
      ...head,
      count: rows.length,
      digest: this.#makeId(),
      sum: sumOfPrints(rows.map(({ print }) => print)),
    }));
    pages.forEach(({ head, rows }, i) => {
      // A first pull fills page after page that nobody reads soon: only what can still grow is kept.
      const isFilled = head.digest === '' && rows.length === pageSize;
      if (!isFilled) this.#remember(heads[i]?.digest ?? '', rows);
    });
    await Promise.all([
      this.#db.pageHeads.bulkPut(heads),
      this.#db.pageBlobs.bulkPut(blobs),
      emptied.length > 0 && this.#db.pageHeads.bulkDelete(emptied),
      emptied.length > 0 && this.#db.pageBlobs.bulkDelete(emptied),
    ]);
  }

  async #parsed(heads: PageHead[]): Promise<ParsedPage[]> {
    // Held from here on: the pages that are read now may push these out of the cache.
    const known = heads.map(({ digest }) => this.#cache.get(digest));
    const missing = heads.filter((_, i) => known[i] === undefined);
    const blobs = missing.length === 0 ? [] : await this.#db.pageBlobs.bulkGet(missing.map(({ id }) => id));
    const read = new Map(missing.map((head, i) => [head.id, unpackRows(blobs[i]?.json ?? '[]')]));
    return heads.map((head, i) => ({
      head,
      rows: this.#remember(head.digest, known[i] ?? read.get(head.id) ?? []),
    }));
  }

  /** The rows of a digest, which become the most recently used. */
  #remember(digest: string, read: readonly ServerRow[]): readonly ServerRow[] {
    const rows = this.#cache.get(digest) ?? read;
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

/** The items by the book of each, in their order. Those of one book mostly follow each other. */
function byBook<T>(items: readonly T[], placeOf: (item: T) => Place): Map<string, T[]> {
  const books = new Map<string, T[]>();
  let last: { place: Place; group: T[] } | null = null;
  for (const item of items) {
    const place = placeOf(item);
    if (last === null || !isSameBook(place, last.place)) {
      const book = bookOf(place);
      const group: T[] = books.get(book) ?? [];
      books.set(book, group);
      last = { place, group };
    }
    last.group.push(item);
  }
  return books;
}

function isSameBook(a: Place, b: Place): boolean {
  return a.media === b.media && a.ref.version === b.ref.version && a.ref.kind === b.ref.kind;
}

function bookOfHead(head: PageHead): string {
  return bookOf({ media: head.media, ref: head });
}

type IndexedPage = ParsedPage & { index: ReadonlyMap<ElementalId, number> };

/** The pages of a book that has none yet. */
function firstPages(rows: readonly ServerRow[], place: Place): ParsedPage[] {
  return Array.from({ length: Math.ceil(rows.length / pageSize) }, (_, n) => ({
    head: headOf(place, n),
    rows: rows.slice(n * pageSize, (n + 1) * pageSize),
  }));
}

/** The pages that differ after the changes; new rows fill the last page, then open others. */
function rewritten(
  pages: IndexedPage[],
  changes: Map<ElementalId, ServerRow | null>,
  place: Place,
): ParsedPage[] {
  const rest = new Map(changes);
  const touched = new Map<number, ParsedPage>();
  for (const page of pages) {
    const hits = [...rest].flatMap(([id, row]) => {
      const at = page.index.get(id);
      return at === undefined ? [] : [{ id, row, at }];
    });
    for (const { id } of hits) rest.delete(id);
    // An audit reads again what is known: such rows are neither written nor shown again.
    if (hits.every(({ row, at }) => sameJson(row, page.rows[at]))) continue;
    const rows: (ServerRow | null)[] = [...page.rows];
    for (const { row, at } of hits) rows[at] = row;
    touched.set(page.head.n, { head: page.head, rows: rows.filter((row) => row !== null) });
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

function headOf({ ref, media }: Place, n: number): PageHead {
  const { version, kind } = ref;
  return { id: `${bookOf({ media, ref })}|${n}`, media, version, kind, n, digest: '', count: 0 };
}

function countOf(heads: readonly PageHead[]): number {
  return heads.reduce((sum, { count }) => sum + count, 0);
}

function sumOfHeads(heads: readonly PageHead[]): number | null {
  let sum = 0;
  for (const head of heads) {
    if (!hasSum(head)) return null;
    sum = addPrints(sum, head.sum);
  }
  return sum;
}

/** Pages of earlier versions have none, or another kind of it. */
function hasSum(head: PageHead): head is PageHead & { sum: number } {
  return typeof head.sum === 'number';
}

import type { Json } from '../../src/base/json.ts';
import { attributesOf, type Fields } from '../../src/domain/fields.ts';
import { mediaFields } from '../../src/domain/media-fields.ts';
import {
  entityKey,
  type ElementalId,
  type EntityKey,
  type EntityRef,
  type MediaKey,
} from '../../src/domain/identity.ts';
import { membersOf } from '../../src/domain/member-set.ts';
import type {
  ChangePage,
  MarkQuery,
  MediaSpec,
  ServerChange,
  ServerMedia,
  ServerRow,
} from '../../src/sync/ports.ts';

/** A field that the server refuses, whatever its value. */
export const poison = 'attributes.Poison';
/** An attribute that an administrator may rename. */
export const oldName = 'attributes.Old';
const newName = 'attributes.New';
/** One that an administrator may add. */
export const addedName = 'attributes.Added';

/** One mark of an element, with what the checkers want to know about its making. */
export interface Mark {
  row: ServerRow;
  /** As it was made, before anybody rewrote it in place. */
  readonly made: ServerRow;
  /** What was current when it was made. */
  readonly over: ServerRow | null;
  /** That, as it was made; another one where somebody has rewritten it in place. */
  readonly overMade: ServerRow | null;
  /** What its request had read; another one than `over` where two requests raced. */
  readonly read: ServerRow | null;
  /** Made by a request that came late or twice: nobody waits for it any more. */
  readonly ghost: boolean;
  /** Made by a request that had no answer and ran on; not by one that something on the way had doubled. */
  readonly late: boolean;
  /** Made by a POST. */
  readonly posted: boolean;
  /** Some of what was asked for was left out without a word. */
  readonly partial: boolean;
  pruned: boolean;
}

/** What a new media is made of, as far as it matters here. */
type NewMedia = Pick<MediaSpec, 'elementalId' | 'type' | 'fields'> & Partial<Pick<MediaSpec, 'sectionId'>>;

export type Refusal = 'not-found' | 'stale-mark' | 'rejected';
export type Reply<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

/** Who asks, and what the network made of the request. */
export interface Asker {
  user: number;
  ghost: boolean;
  late?: boolean;
}

interface Backup {
  log: Mark[];
  rows: ServerRow[];
  pruned: boolean[];
  lastId: number;
  answers: SimulatedTator['answers'];
  feed: FeedEntry[];
}

/** What one request has changed. */
interface FeedEntry {
  change: ServerChange;
  /** When it shows in the feed; ms. */
  at: number;
}

export interface TatorOptions {
  /** The members of a track are deleted together with it. */
  cascades?: boolean;
  /** ms for which an older transaction that still runs holds the feed up. */
  feedLag?: number;
  /** Rows that a statement names at most in the feed. */
  mostNamed?: number;
  /** The feed begins anew with a restore. A restored copy that has made many transactions since does not know. */
  tellsRestores?: boolean;
}

/**
 * A Tator as the documented surprises have it: rows are marks, nothing is unique, a POST of a known
 * element appends a mark that replaces its content, a PATCH is made from the mark that it read, a
 * delete appends a tombstone, a PATCH of a tombstone stays deleted, a prune leaves no trace and gives
 * the number of the mark away again, and some edits move no clock.
 */
export class SimulatedTator {
  readonly media: ServerMedia[] = [];
  /** What was once told to somebody and is no longer there: rewritten in place, or lost by a restore. */
  readonly lost: Mark[] = [];
  /** Elements that were once removed without a trace; a restore may have brought them back. */
  readonly everPruned = new Set<EntityKey>();
  /** All contents that a media has ever had. */
  readonly toldOfMedia: { key: MediaKey; fields: Fields }[] = [];
  /** Attributes of annotations that no type has: edits that name one are refused, creates leave it out. */
  readonly #undefined = new Set([newName, addedName]);
  readonly #defaults: Fields = {};
  /** Answers to requests with a key. */
  answers = new Map<string, { request: string; value: unknown }>();
  #log: Mark[] = [];
  #chains = new Map<EntityKey, Mark[]>();
  #current = new Map<EntityKey, Mark>();
  readonly #versions = new Set<number>();
  #lastId = 0;
  #backup: Backup | null = null;
  #feed: FeedEntry[] = [];
  #epoch = 1;
  /** What went with a track that somebody deleted, and the mark of the track. */
  readonly takenAlong: { member: EntityKey; track: Mark; asker: Asker; at: number }[] = [];
  /** The members of a track are deleted together with it. */
  readonly cascades: boolean;
  readonly #clock: () => number;
  readonly #feedLag: number;
  readonly #mostNamed: number;
  readonly #tellsRestores: boolean;

  constructor(
    clock: () => number,
    { cascades = false, feedLag = 0, mostNamed = 8, tellsRestores = true }: TatorOptions = {},
  ) {
    this.#clock = clock;
    this.#feedLag = feedLag;
    this.#mostNamed = mostNamed;
    this.#tellsRestores = tellsRestores;
    this.cascades = cascades;
  }

  /** All marks that were ever made, in order, pruned ones too. */
  get log(): readonly Mark[] {
    return this.#log;
  }

  get lastId(): number {
    return this.#lastId;
  }

  chain(key: EntityKey): readonly Mark[] {
    return this.#chains.get(key) ?? [];
  }

  current(key: EntityKey): ServerRow | null {
    return this.#current.get(key)?.row ?? null;
  }

  /** Whether an edit of an annotation that names the field is refused. */
  refuses(field: string): boolean {
    return field === poison || this.#undefined.has(field);
  }

  /** Whether the element has a mark of this number that was not pruned. */
  hasMark(key: EntityKey, mark: number): boolean {
    return this.chain(key).some(({ pruned, row }) => !pruned && row.mark === mark);
  }

  /** Whether one of these elements can be a member: it is there, and alive. */
  isLive(key: EntityKey): boolean {
    return this.current(key)?.deleted === false;
  }

  list(query: MarkQuery): ServerRow[] {
    const { after = 0, modifiedSince, mediaIds, elementalIds, version, allMarks, limit, kind } = query;
    const medias = mediaIds?.map((id) => this.media.find(({ serverId }) => serverId === id)?.key);
    const marks =
      elementalIds === undefined
        ? this.#log
        : elementalIds.flatMap((elementalId) =>
            (version === undefined ? [...this.#versions] : [version]).flatMap(
              (one) => this.#chains.get(entityKey({ kind, version: one, elementalId })) ?? [],
            ),
          );
    const rows: ServerRow[] = [];
    for (const mark of marks) {
      const { row } = mark;
      if (mark.pruned || row.rowId <= after || row.ref.kind !== kind) continue;
      if (version !== undefined && row.ref.version !== version) continue;
      if (modifiedSince !== undefined && row.modifiedAt < modifiedSince) continue;
      if (medias !== undefined && !medias.includes(row.media)) continue;
      // Twin first marks are both current, and both listed.
      if (!allMarks && this.current(entityKey(row.ref))?.mark !== row.mark) continue;
      rows.push(row);
    }
    if (elementalIds !== undefined) rows.sort((a, b) => a.rowId - b.rowId);
    return rows.length > limit ? rows.slice(0, limit) : rows;
  }

  /** A POST. `seen` is what it read before it wrote: two first ones at a time both get mark 0. */
  create(
    spec: { ref: EntityRef; type: number; media: string; fields: Fields },
    asker: Asker,
    seen = this.current(entityKey(spec.ref)),
  ): ServerRow {
    const { ref, type, media } = spec;
    const fields = this.#stored(ref, spec.fields);
    const known = Object.entries(fields).filter(
      ([name, value]) => value !== null && !this.#undefined.has(name),
    );
    const partial = fields !== spec.fields || known.length < Object.keys(fields).length;
    const row = { type, media, fields: { ...this.#defaults, ...Object.fromEntries(known) } };
    return this.#append(
      ref,
      { ...row, deleted: false, createdBy: asker.user },
      { ...asker, posted: true, partial },
      seen,
    );
  }

  /** A PATCH, made from `base`, which need not be the newest any more. */
  patch(base: ServerRow, changes: Fields, asker: Asker): ServerRow {
    const wanted = { ...base.fields, ...changes };
    const fields = 'localizations' in changes ? this.#stored(base.ref, wanted, base.fields) : wanted;
    return this.#append(base.ref, { ...base, fields }, { ...asker, partial: fields !== wanted }, base);
  }

  tombstone(key: EntityKey, asker: Asker): ServerRow | null {
    const last = this.#current.get(key);
    if (last === undefined) return null;
    if (this.cascades && !last.row.deleted) this.#takeMembers(last, asker);
    return this.#append(last.row.ref, { ...last.row, deleted: true }, asker, last.row);
  }

  /** In place, and without moving a clock; all but what another track holds. */
  #takeMembers(track: Mark, asker: Asker): void {
    const { ref, fields } = track.row;
    const held = new Set(
      [...this.#current.values()].flatMap(({ row }) =>
        row.ref.kind === 'state' && !row.deleted && row.ref.elementalId !== ref.elementalId
          ? membersOf(row.fields.localizations)
          : [],
      ),
    );
    for (const elementalId of membersOf(fields.localizations)) {
      const member = entityKey({ kind: 'localization', version: ref.version, elementalId });
      if (ref.kind !== 'state' || held.has(elementalId) || !this.isLive(member)) continue;
      this.rewrite(member, { deleted: true }, false);
      this.takenAlong.push({ member, track, asker, at: this.#clock() });
    }
  }

  /** Hides the current mark, or the whole element; the mark below shows again, unmoved. */
  prune(key: EntityKey, { whole }: { whole: boolean }): void {
    this.everPruned.add(key);
    const gone = this.chain(key).filter((mark) => !mark.pruned && (whole || mark === this.#current.get(key)));
    for (const mark of gone) mark.pruned = true;
    this.#recount(key);
    this.#tell(gone, { removed: true });
  }

  /** Rewrites the current mark where it is; only a single PATCH moves its clock. */
  rewrite(key: EntityKey, over: Partial<Pick<ServerRow, 'fields' | 'deleted'>>, moves: boolean): void {
    const mark = this.#current.get(key);
    if (mark === undefined) return;
    this.#replace(mark, { ...over, ...(moves ? this.#stamp(99) : { modifiedBy: 99 }) });
    this.#tell([mark]);
  }

  /** An attribute gets another name, in every mark there is. False if there is none of that name. */
  rename(): boolean {
    if (this.#undefined.has(oldName) || !this.#undefined.delete(newName)) return false;
    this.#undefined.add(oldName);
    this.#rewriteAll(({ [oldName]: value, ...rest }) =>
      value === undefined ? null : { ...rest, [newName]: value },
    );
    return true;
  }

  /** An attribute is taken from all types, and its values from every mark. False if there is none. */
  deleteAttribute(field: string): boolean {
    if (this.#undefined.has(field)) return false;
    this.#undefined.add(field);
    this.#rewriteAll((fields) => {
      const { [field]: value, ...rest } = fields;
      return value === undefined ? null : rest;
    });
    return true;
  }

  /** All types get an attribute, and every mark the default. False if there is one of that name. */
  addAttribute(field: string, value: Json): boolean {
    if (!this.#undefined.delete(field)) return false;
    this.#defaults[field] = value;
    this.#rewriteAll((fields) => ({ ...fields, [field]: value }));
    return true;
  }

  backUp(): void {
    const log = [...this.#log];
    this.#backup = {
      log,
      rows: log.map(({ row }) => row),
      pruned: log.map(({ pruned }) => pruned),
      lastId: this.#lastId,
      answers: new Map(this.answers),
      feed: [...this.#feed],
    };
  }

  /** Back to the backup: newer marks are gone and their ids are given away again. */
  restore(): void {
    if (this.#backup === null) return;
    const { log, rows, pruned, lastId, answers, feed } = this.#backup;
    this.answers = new Map(answers);
    const kept = new Set(log);
    this.lost.push(...this.#log.filter((mark) => !kept.has(mark)));
    log.forEach((mark, i) => {
      if (mark.row !== rows[i]) this.lost.push({ ...mark });
      mark.row = rows[i]!;
      mark.pruned = pruned[i]!;
    });
    this.#log = [...log];
    this.#lastId = lastId;
    this.#chains = new Map();
    this.#current = new Map();
    for (const mark of log) this.#enter(mark);
    for (const key of this.#chains.keys()) this.#recount(key);
    this.#feed = this.#tellsRestores ? [] : [...feed];
    if (this.#tellsRestores) this.#epoch += 1;
  }

  /** The change feed of a hub: `limit` changes after the cursor; without one, where it is now. */
  changes(cursor: string | null, limit: number): ChangePage {
    const now = this.#clock();
    const first = this.#feed.findIndex(({ at }) => at > now);
    const floor = first === -1 ? this.#feed.length : first;
    const textOf = (place: number): string => `${this.#epoch}.${place}`;
    const nothing = { cursor: textOf(floor), more: false, changes: [] };
    if (cursor === null) return { ...nothing, reset: false };
    const [epoch, from = 0] = cursor.split('.').map(Number);
    if (epoch !== this.#epoch) return { ...nothing, reset: true };
    if (from > this.#feed.length) {
      // It has never given that out.
      this.#epoch += 1;
      this.#feed = [];
      return { ...nothing, cursor: textOf(0), reset: true };
    }
    const to = Math.max(from, Math.min(from + limit, floor));
    const changes = this.#feed.slice(from, to).map(({ change }) => change);
    return { cursor: textOf(to), reset: false, more: to < floor, changes };
  }

  /** One statement has changed these marks; too many to be named, if told so. */
  #tell(marks: readonly Mark[], { removed = false, unnamed = false } = {}): void {
    for (const kind of ['localization', 'state'] as const) {
      const rows = marks.flatMap(({ row }) => (row.ref.kind === kind ? [row] : []));
      if (rows.length === 0) continue;
      const elementalIds = unnamed ? [] : rows.map(({ ref }) => ref.elementalId);
      const on = new Set(rows.map(({ media }) => media));
      const mediaIds = this.media.flatMap(({ key, serverId }) => (on.has(key) ? [serverId] : []));
      this.#note({ kind, removed, unnamed, elementalIds, mediaIds });
    }
  }

  #note(change: ServerChange): void {
    const at = Math.max(this.#clock() + this.#feedLag, this.#feed.at(-1)?.at ?? 0);
    this.#feed.push({ change, at });
  }

  addMedia({ elementalId: key, type, sectionId = null, fields }: NewMedia): number {
    const serverId = this.media.length + 1;
    const empty = { name: 'clip', sectionId, attributes: {} };
    const size = { width: 1, height: 1, frameCount: 1, fps: 1 };
    const media: ServerMedia = {
      key,
      serverId,
      projectId: 1,
      type,
      kind: 'video',
      ...size,
      ...empty,
      raw: {},
    };
    this.media.push(media);
    this.patchMedia(serverId, fields);
    return serverId;
  }

  /** Nothing is checked, and no clock moves. False if there is no such media. */
  patchMedia(serverId: number, changes: Fields): boolean {
    const at = this.media.findIndex((media) => media.serverId === serverId);
    const media = this.media[at];
    if (media === undefined) return false;
    const { name = media.name, section_id: sectionId = media.sectionId } = changes;
    const next = {
      ...media,
      name: typeof name === 'string' ? name : media.name,
      sectionId: typeof sectionId === 'number' ? sectionId : null,
      attributes: { ...media.attributes, ...attributesOf(changes) },
    };
    this.media[at] = next;
    const change = { kind: 'media', removed: false, unnamed: false } as const;
    this.#note({ ...change, elementalIds: [media.key], mediaIds: [serverId] });
    this.toldOfMedia.push({ key: media.key, fields: mediaFields(next) });
    return true;
  }

  /** In every mark, pruned ones too, and without moving a clock; null leaves one as it is. */
  #rewriteAll(rewritten: (fields: Fields) => Fields | null): void {
    const changed = this.#log.filter((mark) => {
      const fields = rewritten(mark.row.fields);
      if (fields !== null) this.#replace(mark, { fields });
      return fields !== null;
    });
    const there = changed.filter(({ pruned }) => !pruned);
    this.#tell(there, { unnamed: there.length > this.#mostNamed });
  }

  /** Members that are not alive in any version are left out without a word; those of `before` stay. */
  #stored(ref: EntityRef, fields: Fields, before: Fields = {}): Fields {
    const { localizations } = fields;
    if (ref.kind !== 'state' || !Array.isArray(localizations)) return fields;
    const present = membersOf(before.localizations);
    const there = localizations.filter(
      (id) => typeof id === 'string' && (present.includes(id) || this.#livesSomewhere(id)),
    );
    return there.length === localizations.length ? fields : { ...fields, localizations: there };
  }

  #livesSomewhere(elementalId: ElementalId): boolean {
    for (const version of this.#versions)
      if (this.isLive(entityKey({ kind: 'localization', version, elementalId }))) return true;
    return false;
  }

  #append(
    ref: EntityRef,
    over: Partial<ServerRow>,
    {
      user,
      ghost,
      late = false,
      posted = false,
      partial = false,
    }: Asker & { posted?: boolean; partial?: boolean },
    read: ServerRow | null,
  ): ServerRow {
    const key = entityKey(ref);
    const last = this.current(key);
    const first = read === null || last === null;
    const row: ServerRow = {
      type: 7,
      media: '',
      deleted: false,
      fields: {},
      createdBy: user,
      ...over,
      ref,
      rowId: (this.#lastId += 1),
      mark: first ? 0 : last.mark + 1,
      ...this.#stamp(user),
    };
    const overMade = this.#current.get(key)?.made ?? null;
    const mark = { row, made: row, over: last, overMade, read, ghost, late, posted, partial, pruned: false };
    this.#log.push(mark);
    this.#enter(mark);
    if (first) this.#recount(key);
    else this.#current.set(key, mark);
    this.#tell([mark]);
    return row;
  }

  #stamp(user: number): Pick<ServerRow, 'modifiedBy' | 'modifiedAt'> {
    return { modifiedBy: user, modifiedAt: new Date(this.#clock()).toISOString() };
  }

  #replace(mark: Mark, over: Partial<ServerRow>): void {
    this.lost.push({ ...mark });
    mark.row = { ...mark.row, ...over };
  }

  #enter(mark: Mark): void {
    const key = entityKey(mark.row.ref);
    this.#versions.add(mark.row.ref.version);
    const chain = this.#chains.get(key);
    if (chain === undefined) this.#chains.set(key, [mark]);
    else chain.push(mark);
  }

  #recount(key: EntityKey): void {
    const there = this.chain(key).filter(({ pruned }) => !pruned);
    const newest = there.reduce<Mark | null>(
      (a, b) => (a === null || b.row.mark >= a.row.mark ? b : a),
      null,
    );
    if (newest === null) this.#current.delete(key);
    else this.#current.set(key, newest);
  }
}

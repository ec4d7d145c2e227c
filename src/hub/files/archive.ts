import { sql } from 'kysely';
import type { HubDeps } from '../deps.ts';
import { absent } from '../objects/store-failures.ts';

type Deps = Pick<HubDeps, 'db' | 'objects' | 'clock' | 'exclusively' | 'report'>;

interface MediaFilesRow {
  id: number;
  media_files: Record<string, unknown> | null;
}

const DAY_MS = 86_400_000;
/** Time between two looks, ms. */
const PAUSE = 60_000;
/** Media that one look takes on. */
const MOST_AT_ONCE = 200;

/** Files that go with the media; the thumbnails stay, so that galleries show what there is. */
const rolesThatGo = ['streaming', 'archival', 'audio', 'image', 'attachment'];

/**
 * Carries out what clients ask of media, until it is stopped:
 *
 *     live --asked--> to_archive --after some days--> archived --asked--> to_live --all there--> live
 *                         `---------asked: at once---------------------------------------------^
 *
 * The files change their storage class where their bucket has one for archives. A kill in between
 * leaves a state from which the next look goes on.
 */
export class Archive {
  readonly #deps: Deps;
  readonly #age: number;
  #running: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  /** @param ageDays for how long a media waits in `to_archive`, so that a mistake costs nothing. */
  constructor(deps: Deps, { ageDays }: { ageDays: number }) {
    this.#deps = deps;
    this.#age = ageDays * DAY_MS;
  }

  /** Begins to look now and then; returns its stop. */
  start(): () => Promise<void> {
    this.wake();
    this.#timer = setInterval(() => this.wake(), PAUSE);
    return async () => {
      clearInterval(this.#timer);
      this.#timer = undefined;
      await this.#running;
    };
  }

  /** There may be something to do. */
  wake(): void {
    this.#running = this.#running
      // One hub at a time: two would ask a store for the same object twice.
      .then(() => this.#deps.exclusively('archive', () => this.#look()))
      .catch((error: unknown) => this.#deps.report(error, 'archive'));
  }

  async #look(): Promise<void> {
    const before = new Date(this.#deps.clock.now() - this.#age);
    await this.#each('to_archive', before, (media) => this.#archive(media));
    await this.#each('to_live', new Date(this.#deps.clock.now()), (media) => this.#bringBack(media));
  }

  async #each(state: string, before: Date, work: (media: MediaFilesRow) => Promise<void>): Promise<void> {
    const rows = await this.#deps.db
      .selectFrom('media')
      .select(['id', 'media_files'])
      .where('archive_state', '=', state)
      .where('deleted', '=', false)
      .where((eb) => eb.or([eb('archive_status_date', '<=', before), eb('archive_status_date', 'is', null)]))
      .orderBy('archive_status_date')
      .limit(MOST_AT_ONCE)
      .execute();
    for (const row of rows) {
      try {
        await work(row);
      } catch (error) {
        // The others can still go; this one is tried again at the next look.
        this.#deps.report(error, `archive, media ${row.id}`);
      }
    }
  }

  async #archive({ id, media_files }: MediaFilesRow): Promise<void> {
    const keys = keysOf(media_files);
    const needed = await this.#liveElsewhere(keys, id);
    for (const key of keys) if (!needed.has(key)) await this.#shelve(key, 'archive');
    if (await this.#turn(id, 'to_archive', 'archived')) return;
    // Somebody wanted it back meanwhile, and it became live before its files were.
    await this.#turn(id, 'live', 'to_live');
  }

  async #bringBack({ id, media_files }: MediaFilesRow): Promise<void> {
    let ready = true;
    for (const key of keysOf(media_files)) ready = (await this.#shelve(key, 'live')) && ready;
    if (ready) await this.#turn(id, 'to_live', 'live');
  }

  async #shelve(key: string, as: 'archive' | 'live'): Promise<boolean> {
    const done = await this.#deps.objects.shelve(key, as).catch(absent);
    return done ?? true; // what is not there keeps nobody waiting
  }

  /** Which of the objects clones that are not archived name, too. */
  async #liveElsewhere(keys: readonly string[], media: number): Promise<Set<string>> {
    const { rows } = await sql<{ key: string }>`
      SELECT DISTINCT named.key FROM media, jsonb_path_query(media_files, '$.*[*]') AS file,
        LATERAL (VALUES (file ->> 'path'), (file ->> 'segment_info')) AS named (key)
      WHERE media.id <> ${media} AND NOT deleted AND archive_state IN ('live', 'to_live')
        AND named.key = ANY(${[...keys]}::text[])`.execute(this.#deps.db);
    return new Set(rows.map(({ key }) => key));
  }

  async #turn(id: number, from: string, to: string): Promise<boolean> {
    const now = new Date(this.#deps.clock.now());
    const { numUpdatedRows } = await this.#deps.db
      .updateTable('media')
      .set({ archive_state: to, archive_status_date: now, modified_datetime: now })
      .where('id', '=', id)
      .where('archive_state', '=', from)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }
}

/** Keys of the objects of a media that are archived with it; files on other servers are none of ours. */
function keysOf(files: Record<string, unknown> | null): string[] {
  const entries = rolesThatGo.flatMap((role) => {
    const list = files?.[role];
    return Array.isArray(list) ? (list as Record<string, unknown>[]) : [];
  });
  const keys = entries.flatMap(({ path, segment_info }) => [path, segment_info]);
  return [...new Set(keys)].filter(
    (key): key is string => typeof key === 'string' && key !== '' && !/^https?:\/\//i.test(key),
  );
}

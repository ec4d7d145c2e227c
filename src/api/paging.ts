import type { ArgsOf, ReplyOf } from '../contract/types.ts';
import type { CallOptions, TatorClient } from './client.ts';

/** Lists that can be read page by page, each page beginning behind the last row of the one before. */
export type PagedList =
  | 'get_localization_list'
  | 'get_localization_list_by_id'
  | 'get_state_list'
  | 'get_state_list_by_id'
  | 'get_media_list'
  | 'get_media_list_by_id';

/** Lists that know only positions: rows that come or go meanwhile shift the pages. */
export type WindowedList = 'get_leaf_list' | 'get_leaf_list_by_id' | 'get_file_list';

export type PageableList = PagedList | WindowedList;

/** One row of a list. */
export type RowOf<Name extends PageableList> = ReplyOf<Name> extends (infer Row)[] ? Row : never;

export interface PageOptions extends CallOptions {
  /** Rows a page; 1,000 unless said otherwise. */
  size?: number;
}

/** What the pages themselves set. */
type PageArgs<Name extends PageableList> = Omit<ArgsOf<Name>, 'stop' | 'sort_by' | 'start'>;

/**
 * The rows of a list, fetched a page at a time. Begins behind `after` where it is given. A row with
 * a higher id that is committed late can be missed: see the design's layers of pulling.
 */
export async function* eachRow<Name extends PageableList>(
  client: Pick<TatorClient, 'call'>,
  name: Name,
  args: PageArgs<Name>,
  options: PageOptions = {},
): AsyncGenerator<RowOf<Name>, void, undefined> {
  for await (const page of eachPage(client, name, args, options)) yield* page;
}

/** The same as whole pages, the last of which may be shorter; no page is empty. */
export async function* eachPage<Name extends PageableList>(
  client: Pick<TatorClient, 'call'>,
  name: Name,
  args: PageArgs<Name>,
  { size = 1000, ...options }: PageOptions = {},
): AsyncGenerator<RowOf<Name>[], void, undefined> {
  for (let window = firstWindow(name, size); ;) {
    const page = (await client.call(name, { ...args, ...window }, options)) as RowOf<Name>[];
    if (page.length > 0) yield page;
    if (page.length < size) return;
    window = nextWindow(name, window, page);
  }
}

interface Window {
  start?: number;
  stop: number;
  after?: number;
  sort_by?: string[];
}

function firstWindow(name: PageableList, size: number): Window {
  if (isWindowed(name)) return { start: 0, stop: size };
  // Media are ordered by name, while `after` compares ids: without this it skips rows.
  return name.startsWith('get_media') ? { stop: size, sort_by: ['$id'] } : { stop: size };
}

function nextWindow(name: PageableList, window: Window, page: readonly unknown[]): Window {
  if (isWindowed(name)) return { start: window.stop, stop: window.stop + page.length };
  return { ...window, after: lastId(page) };
}

function isWindowed(name: PageableList): boolean {
  return name.startsWith('get_leaf') || name.startsWith('get_file');
}

function lastId(page: readonly unknown[]): number {
  return (page[page.length - 1] as { id: number }).id;
}

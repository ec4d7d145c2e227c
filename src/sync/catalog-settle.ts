import { isCatalogField } from '../domain/catalog-fields.ts';
import { isCatalogKind } from '../domain/identity.ts';
import { settleShown } from './markless.ts';
import { rebase, type MergeContext } from './merge.ts';
import {
  isSentKnown,
  stockTraits,
  type Attempt,
  type Edit,
  type EntityState,
  type Revision,
} from './ports.ts';

/*
 * Sections, versions, leaves, bookmarks and favorites have neither marks nor tombstones. A list of
 * them is whole, so what it lacks is gone: a question to the user where he had changed it.
 */

export interface CatalogSettleContext extends MergeContext {
  /** The list was read right after a yes. */
  answered: boolean;
  /** ms that a request without an answer may still take effect after it was sent. */
  lateFor: number;
  /** The server knows requests by keys. */
  keyed: boolean;
}

/** What becomes of the user's work on an entity of a catalog, whose newest row is the state's. */
export function settleInCatalog(state: EntityState, context: CatalogSettleContext): Revision {
  const { edit, attempt, row } = state;
  if (edit === null) return { ...rebase(state, row, context), attempt: null };
  const { kind } = edit.ref;
  if (!isCatalogKind(kind)) return {};
  if (row !== null && edit.op !== 'delete') {
    const isField = (field: string): boolean => isCatalogField(kind, field);
    return settleShown({ ...state, edit }, row, { ...context, isField });
  }
  if (row === null && attempt?.intent === 'create' && isOpen(state, attempt, context)) return {};
  if (row === null && attempt?.intent === 'delete' && edit.op === 'edit') return madeAgain(edit);
  return { ...rebase({ ...state, edit: { ...edit, maybeSent: false } }, row, context), attempt: null };
}

/** The user had taken his delete back while it was on its way, and it has arrived. */
function madeAgain(edit: Edit): Revision {
  const content = { ...edit.base?.fields, ...edit.changes };
  const again: Edit = { ...edit, op: 'create', base: null, changes: content, maybeSent: false };
  return { row: null, edit: again, attempt: null, conflicts: [] };
}

/**
 * Whether a create that no list shows may still come to be. Where requests have keys it is sent again as
 * it was; a request that a lost database forgot the key of is only waited for.
 */
function isOpen(state: EntityState, { at }: Attempt, { now, lateFor, keyed }: CatalogSettleContext): boolean {
  const isUnknown = !isSentKnown(state);
  if (keyed && !isUnknown) return true;
  // A hub orders the requests about one element, but a new bookmark is no element that it could know.
  const wait = isUnknown ? Math.max(lateFor, stockTraits.lateFor) : lateFor;
  return now >= at && now - at < wait;
}

import type { Fields } from '../../../domain/fields.ts';
import type { EntityKey, MediaKey } from '../../../domain/identity.ts';
import type { Edit } from '../../../sync/ports.ts';
import { syncStrings } from '../../strings/sync.en.ts';
import { fieldLabel } from './field-label.ts';
import type { Lookups } from './lookups.ts';
import { standingOf, type QueueIndex, type QueueState } from './queue-reason.ts';

export interface QueueItem {
  key: EntityKey;
  /** `Box · Sebastes` */
  title: string;
  op: Edit['op'];
  state: QueueState;
  summary: string;
  /** Why it is not on the server yet; of a parked one in the server's words. */
  reason: string;
  /** Local time since when it waits, ms. */
  at: number;
}

export interface QueueGroup {
  media: MediaKey;
  name: string;
  /** False where its project is hidden. */
  openable: boolean;
  items: QueueItem[];
}

/** Field names that a summary spells out before it counts the rest. */
const NAMED_FIELDS = 3;

/** The queue by media. What needs the user goes first: groups with parked edits, parked before others. */
export function queueGroups(edits: readonly Edit[], lookups: Lookups, index: QueueIndex): QueueGroup[] {
  const groups = new Map<MediaKey, QueueGroup>();
  for (const edit of edits) {
    const name = lookups.mediaName(edit.media) ?? edit.media;
    const openable = !index.hidden.has(edit.projectId);
    const group = groups.get(edit.media) ?? { media: edit.media, name, openable, items: [] };
    group.items.push(queueItem(edit, lookups, index));
    groups.set(edit.media, group);
  }
  for (const { items } of groups.values()) items.sort((a, b) => urgency(a) - urgency(b) || b.at - a.at);
  return [...groups.values()].sort((a, b) => topUrgency(a) - topUrgency(b) || a.name.localeCompare(b.name));
}

export function queueItem(edit: Edit, lookups: Lookups, index: QueueIndex): QueueItem {
  const { state, reason, since } = standingOf(edit, index);
  return {
    key: edit.key,
    title: entityTitle(edit, lookups),
    op: edit.op,
    state,
    summary: changeSummary(edit),
    reason,
    at: since,
  };
}

/** `Box · Sebastes`, `Box`, or the plain kind where the type is unknown. */
export function entityTitle(edit: Edit, lookups: Lookups): string {
  const type = lookups.typeName(edit.ref, edit.type) ?? syncStrings.kinds[edit.ref.kind];
  const label = lookups.label({ ...edit, fields: { ...edit.base?.fields, ...edit.changes } });
  return label === null ? type : `${type} · ${label}`;
}

/** What the edit does to the server, in one short line. */
export function changeSummary(edit: Pick<Edit, 'op' | 'changes'>): string {
  const t = syncStrings.queue;
  switch (edit.op) {
    case 'delete':
      return t.deleted;
    case 'create':
      return t.created(Object.keys(edit.changes).length);
    case 'edit':
      return t.changed(fieldList(edit.changes));
  }
}

function fieldList(changes: Fields): string {
  const labels = Object.keys(changes).map(fieldLabel);
  const named = labels.slice(0, NAMED_FIELDS);
  const rest = labels.length - named.length;
  return [...named, ...(rest === 0 ? [] : [syncStrings.queue.more(rest)])].join(', ');
}

function urgency(item: QueueItem): number {
  return ['parked', 'waiting', 'doubt', 'pending'].indexOf(item.state);
}

function topUrgency(group: QueueGroup): number {
  return Math.min(...group.items.map(urgency));
}

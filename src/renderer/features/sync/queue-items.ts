import type { Fields } from '../../../domain/fields.ts';
import type { EntityKey, MediaKey } from '../../../domain/identity.ts';
import type { Edit } from '../../../sync/ports.ts';
import { syncStrings } from '../../strings/sync.en.ts';
import { fieldLabel } from './field-label.ts';
import type { Lookups } from './lookups.ts';

export interface QueueItem {
  key: EntityKey;
  /** `Box · Sebastes` */
  title: string;
  op: Edit['op'];
  state: 'pending' | 'doubt' | 'parked';
  summary: string;
  /** Why the server refused it; null unless parked. */
  reason: string | null;
  /** Local time of the last change, ms. */
  at: number;
}

export interface QueueGroup {
  media: MediaKey;
  name: string;
  items: QueueItem[];
}

/** Field names that a summary spells out before it counts the rest. */
const NAMED_FIELDS = 3;

/** The queue by media. What needs the user goes first: groups with parked edits, parked before others. */
export function queueGroups(edits: readonly Edit[], lookups: Lookups): QueueGroup[] {
  const groups = new Map<MediaKey, QueueGroup>();
  for (const edit of edits) {
    const name = lookups.mediaName(edit.media) ?? edit.media;
    const group = groups.get(edit.media) ?? { media: edit.media, name, items: [] };
    group.items.push(queueItem(edit, lookups));
    groups.set(edit.media, group);
  }
  for (const { items } of groups.values()) items.sort((a, b) => urgency(a) - urgency(b) || b.at - a.at);
  return [...groups.values()].sort((a, b) => topUrgency(a) - topUrgency(b) || a.name.localeCompare(b.name));
}

export function queueItem(edit: Edit, lookups: Lookups): QueueItem {
  return {
    key: edit.key,
    title: entityTitle(edit, lookups),
    op: edit.op,
    state: stateOf(edit),
    summary: changeSummary(edit),
    reason: edit.status.kind === 'parked' ? edit.status.reason : null,
    at: edit.status.kind === 'parked' ? edit.status.at : edit.updatedAt,
  };
}

/** `Box · Sebastes`, `Box`, or the plain kind where the type is unknown. */
export function entityTitle(edit: Pick<Edit, 'key' | 'ref' | 'type'>, lookups: Lookups): string {
  const type = lookups.typeName(edit.ref, edit.type) ?? syncStrings.kinds[edit.ref.kind];
  const label = lookups.label(edit.key);
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

function stateOf(edit: Edit): QueueItem['state'] {
  if (edit.status.kind === 'parked') return 'parked';
  return edit.maybeSent ? 'doubt' : 'pending';
}

function urgency(item: QueueItem): number {
  return ['parked', 'doubt', 'pending'].indexOf(item.state);
}

function topUrgency(group: QueueGroup): number {
  return Math.min(...group.items.map(urgency));
}

import type { Project } from '../../../domain/entity-types.ts';
import { isLocalVersion, type EntityKey, type MediaKey } from '../../../domain/identity.ts';
import { needOf, permits } from '../../../domain/permission.ts';
import type { HiddenProject } from '../../../store/types.ts';
import type { Attempt, Conflict, Edit, SyncStatus } from '../../../sync/ports.ts';
import { syncStrings } from '../../strings/sync.en.ts';

export type QueueState = 'pending' | 'waiting' | 'doubt' | 'parked';

/** What decides why an edit still waits. */
export interface QueueFacts {
  /** Requests whose answer was lost. */
  doubts: readonly Attempt[];
  conflicts: readonly Conflict[];
  projects: readonly Project[];
  hidden: readonly HiddenProject[];
  connection: SyncStatus['connection'];
}

/** The facts, by what they are asked with. */
export interface QueueIndex {
  /** When the request was sent that got no answer; ms. */
  doubtedAt: ReadonlyMap<EntityKey, number>;
  asked: ReadonlySet<EntityKey>;
  projects: ReadonlyMap<number, Project>;
  hidden: ReadonlyMap<number, HiddenProject>;
  /** Medias that wait to be made on the server themselves. */
  unmade: ReadonlySet<MediaKey>;
  connection: SyncStatus['connection'];
}

export function queueIndex(edits: readonly Edit[], facts: QueueFacts): QueueIndex {
  return {
    doubtedAt: new Map(facts.doubts.map(({ key, at }) => [key, at])),
    asked: new Set(facts.conflicts.map(({ key }) => key)),
    projects: new Map(facts.projects.map((project) => [project.id, project])),
    hidden: new Map(facts.hidden.map((project) => [project.id, project])),
    unmade: new Set(
      edits.flatMap(({ ref, op, media }) => (ref.kind === 'media' && op === 'create' ? [media] : [])),
    ),
    connection: facts.connection,
  };
}

/** Where an edit stands, why it is not on the server yet, and since when; the first that holds. */
export function standingOf(
  edit: Edit,
  index: QueueIndex,
): { state: QueueState; reason: string; since: number } {
  const { status, key, createdAt } = edit;
  const doubtedAt = index.doubtedAt.get(key);
  if (status.kind === 'parked') return { state: 'parked', reason: status.reason, since: status.at };
  const permission = missingPermission(edit, index);
  if (permission !== null) return { state: 'waiting', reason: permission, since: createdAt };
  if (doubtedAt !== undefined || edit.maybeSent)
    return { state: 'doubt', reason: syncStrings.queue.reasons.doubt, since: doubtedAt ?? createdAt };
  return { state: 'pending', reason: pendingReason(edit, index), since: createdAt };
}

function missingPermission(edit: Edit, { projects, hidden }: QueueIndex): string | null {
  const t = syncStrings.queue.reasons;
  const gone = hidden.get(edit.projectId);
  if (gone !== undefined) return t.hidden(gone.name || t.nameless(gone.id));
  const project = projects.get(edit.projectId);
  const need = needOf(edit);
  if (project !== undefined && !permits(project.permission, need))
    return need === 'transfer' && permits(project.permission, 'edit')
      ? t.noTransfer(project.name)
      : t.viewOnly(project.name);
  return edit.status.kind === 'waiting' ? t.refused(edit.status.reason) : null;
}

function pendingReason(edit: Edit, { asked, unmade, connection }: QueueIndex): string {
  const t = syncStrings.queue.reasons;
  if (asked.has(edit.key)) return t.conflict;
  switch (connection.kind) {
    case 'sign-in-needed':
      return t.signIn;
    case 'offline':
      return connection.reason === 'by-choice' ? t.byChoice : t.unreachable;
    case 'starting':
    case 'online':
      if (isLocalVersion(edit.ref.version)) return t.layer;
      return edit.ref.kind !== 'media' && unmade.has(edit.media) ? t.media : t.next;
  }
}

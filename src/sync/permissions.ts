import type { Project } from '../domain/entity-types.ts';
import { permits, type Need } from '../domain/permission.ts';
import { pullProjects } from './contact.ts';
import { done, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import type { Edit, EntityState, Failure, Revision } from './ports.ts';

/*
 * A permission can be taken away while work is on its way. Nothing is given up then:
 *
 *   the project is not listed any more, or only to be viewed   nothing of it is sent; all of it waits
 *   it may be changed, yet one piece is refused (403)          that piece waits, and is tried each minute
 *
 * A refusal for want of a permission comes before anything is carried out: it leaves nothing in doubt, but what
 * was in doubt before.
 */

/** ms */
const triedEvery = 60_000;
/** Refusals in one push after which the rest is not tried: its pace is the connection's then. */
const refusalsAtMost = 16;

/** What the user may do in each project, as the server told it last. */
export class Permissions {
  readonly #labels = new Map<number, string>();

  learn(projects: readonly Project[]): void {
    this.#labels.clear();
    for (const { id, permission } of projects) this.#labels.set(id, permission);
  }

  permits(projectId: number, need: Need): boolean {
    const label = this.#labels.get(projectId);
    return label !== undefined && permits(label, need);
  }
}

/** The refusals of one push of a project for want of a permission. */
export class Forbiddances {
  readonly #deps: SyncDeps;
  readonly #projectId: number;
  #count = 0;
  #verdict: PartOutcome | null = null;

  constructor(deps: SyncDeps, projectId: number) {
    this.#deps = deps;
    this.#projectId = projectId;
  }

  /** Stopped where the project as a whole is out of reach; else only what was refused is to wait. */
  async note(failure: Failure, need: Need): Promise<PartOutcome> {
    this.#count += 1;
    this.#verdict ??= await this.#ask(failure, need);
    return this.#count > refusalsAtMost ? stopped(failure) : this.#verdict;
  }

  async #ask(failure: Failure, need: Need): Promise<PartOutcome> {
    const projects = await pullProjects(this.#deps);
    if (!projects.ok) return stopped(projects.failure);
    return this.#deps.permissions.permits(this.#projectId, need) ? done : stopped(failure);
  }
}

/** The work waits for a permission; what the user has changed since it was sent is tried afresh. */
export function keepWaiting(
  { edit }: EntityState,
  { reason, revision, now }: { reason: string; revision: number; now: number },
): Revision {
  if (edit === null || edit.revision !== revision) return { attempt: null };
  return { attempt: null, edit: { ...edit, status: { kind: 'waiting', reason, at: now } } };
}

/**
 * As `keepWaiting`, of a request that was in doubt and has been sent again under its key: the refusal says nothing
 * of the first one, which may come when the permission is back.
 */
export function keepInDoubt(
  { edit, attempt }: EntityState,
  { reason, now }: { reason: string; now: number },
): Revision {
  const open: Revision = attempt === null ? {} : { attempt: { ...attempt, state: 'in-doubt' } };
  return edit === null ? open : { ...open, edit: { ...edit, status: { kind: 'waiting', reason, at: now } } };
}

/** Refused for want of a permission less than a minute ago. */
export function isResting({ status }: Edit, now: number): boolean {
  return status.kind === 'waiting' && Math.abs(now - status.at) < triedEvery;
}

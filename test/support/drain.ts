import type { EntityRef } from '../../src/domain/identity.ts';
import { localVideo, makeWorkplace, now, type Workplace } from '../integration/sync/support.ts';
import { BadLink, freeLink, type LinkCount, type LinkTraits } from './bad-link.ts';
import { sampleIds, type SampleIds } from './hub-sample.ts';
import type { HubClient, Row, TestHub } from './hub.ts';

/** Edits made without a network, and the link over which they then reach the server. */
export interface DrainPlan {
  /** Boxes drawn offline. */
  drawn: number;
  /** Boxes that the server has, changed offline. */
  changed: number;
  link: LinkTraits;
  /** ms: a handover gap of `length`, `every` so often. */
  gaps?: { every: number; length: number };
  /** ms of an outage, some seconds after the beginning. */
  outage?: number;
  /** Given up after this long, ms. */
  patience: number;
  seed?: number;
}

export interface DrainReport {
  /** From "online again" to the last confirmation. */
  seconds: number;
  /** Edits that were not confirmed within the patience. */
  open: number;
  /** Marks on the server that nobody asked for. */
  doubled: number;
  /** Edits that the server does not have. */
  lost: number;
  gaps: number;
  count: LinkCount;
}

const atOnce = 250;

/** The real engine, database code and client against a real hub, through the link. */
export async function drain(hub: TestHub, plan: DrainPlan): Promise<DrainReport> {
  const rest = hub.client();
  const ids = await sampleIds(rest);
  const link = await BadLink.to(hub.url, { seed: plan.seed ?? 1 });
  const desk = await makeWorkplace(() => link.url, hub.token);
  const media = crypto.randomUUID();
  desk.host.medias.push(localVideo(media, ids.project));
  const stopEngine = await desk.startEngine();
  try {
    const changed = newRefs(plan.changed, ids);
    await draw(desk, { refs: changed, ids, media });
    await settled(desk, 300_000);
    desk.host.setOffline(true);
    const drawn = newRefs(plan.drawn, ids);
    await draw(desk, { refs: drawn, ids, media });
    await change(desk, { refs: changed, ids, media });
    const before = { ...link.count };
    link.traits = plan.link;
    const stopTroubles = startTroubles(link, plan);
    const began = Date.now();
    desk.host.setOffline(false);
    const open = await settled(desk, plan.patience);
    const seconds = (Date.now() - began) / 1000;
    const gaps = stopTroubles();
    const count = difference(link.count, before);
    link.traits = freeLink;
    return { seconds, open, gaps, count, ...(await judge(rest, { ids, drawn, changed })) };
  } finally {
    stopEngine();
    desk.store.close();
    await link.close();
  }
}

interface Drawing {
  refs: readonly EntityRef[];
  ids: SampleIds;
  media: string;
}

function newRefs(count: number, { baseline }: SampleIds): EntityRef[] {
  return Array.from({ length: count }, () => ({
    ...{ kind: 'localization' as const, version: baseline, elementalId: crypto.randomUUID() },
  }));
}

const changedFrame = 7;

async function draw({ store }: Workplace, { refs, ids, media }: Drawing): Promise<void> {
  const fields = { frame: 3, geometry: { kind: 'box', x: 0.1, y: 0.2, width: 0.3, height: 0.4 } };
  for (const some of inSome(refs)) {
    const changes = some.map((ref) => ({ kind: 'create', ref, type: ids.box, media, fields }) as const);
    await store.apply({ projectId: ids.project, media, label: 'history.draw', changes });
  }
}

async function change({ store }: Workplace, { refs, ids, media }: Drawing): Promise<void> {
  for (const some of inSome(refs)) {
    const changes = some.map((ref) => ({ kind: 'change', ref, fields: { frame: changedFrame } }) as const);
    await store.apply({ projectId: ids.project, media, label: 'history.change', changes });
  }
}

/** Resolves with the number of edits that are still open: 0, unless the patience (ms) is over. */
async function settled({ store }: Workplace, patience: number): Promise<number> {
  const end = Date.now() + patience;
  for (;;) {
    const { unsynced, inDoubt } = await now(store.counts());
    if (unsynced + inDoubt === 0 || Date.now() > end) return unsynced;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** The result ends them and tells how many gaps there were. */
function startTroubles(link: BadLink, { gaps, outage }: DrainPlan): () => number {
  let happened = 0;
  const timers: NodeJS.Timeout[] = [];
  if (gaps !== undefined) {
    const gap = (): void => {
      happened += 1;
      link.gap(gaps.length);
    };
    timers.push(setTimeout(gap, 2000), setInterval(gap, gaps.every));
  }
  if (outage !== undefined) {
    timers.push(setTimeout(() => link.cut(), 2000));
    timers.push(setTimeout(() => link.mend(), 2000 + outage));
  }
  return () => {
    for (const timer of timers) clearTimeout(timer);
    link.mend();
    return happened;
  };
}

async function judge(
  rest: HubClient,
  { ids, drawn, changed }: { ids: SampleIds; drawn: EntityRef[]; changed: EntityRef[] },
): Promise<Pick<DrainReport, 'doubled' | 'lost'>> {
  const verdict = { doubled: 0, lost: 0 };
  for (const [refs, frame, marks] of [
    [drawn, 3, 1],
    [changed, changedFrame, 2],
  ] as const) {
    for (const some of inSome(refs)) {
      const path = `/rest/Localizations/${ids.project}?show_all_marks=1&show_deleted=1&merge=0`;
      const elementalIds = some.map(({ elementalId }) => elementalId);
      const rows = (await rest<Row[]>('PUT', path, { elemental_ids: elementalIds })).body;
      for (const id of elementalIds) {
        const chain = rows.filter(({ elemental_id }) => elemental_id === id);
        verdict.doubled += Math.max(0, chain.length - marks);
        if (!chain.some((row) => row.frame === frame && row.mark === marks - 1)) verdict.lost += 1;
      }
    }
  }
  return verdict;
}

function inSome<T>(items: readonly T[]): T[][] {
  const all: T[][] = [];
  for (let at = 0; at < items.length; at += atOnce) all.push(items.slice(at, at + atOnce));
  return all;
}

function difference(after: LinkCount, before: LinkCount): LinkCount {
  const { connections, up, down, lost, reset } = after;
  return {
    connections: connections - before.connections,
    up: up - before.up,
    down: down - before.down,
    lost: lost - before.lost,
    reset: reset - before.reset,
  };
}

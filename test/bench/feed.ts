import { sampleIds, boxSpec, makeVideo } from '../support/hub-sample.ts';
import { startTestHub, type Created, type HubClient } from '../support/hub.ts';
import { makeWorkplace, now, type Workplace } from '../integration/sync/support.ts';
import type { Comparison } from './measure.ts';

const medias = 24;
const boxesOfMedia = 50;
/** Boxes that vanish at a time, each of another media. */
const atOnce = 6;
const waves = 2;
/** ms */
const patience = 300_000;

interface Told {
  id: number;
  elemental_id: string;
  media: number;
}

/**
 * Boxes that somebody else removes on a hub without a trace: how long a device shows them that follows the hub's
 * feed, and one that compares whole sets in turn, as it does on a stock Tator. Both look at once.
 */
export async function compareFeed(): Promise<Comparison[]> {
  const hub = await startTestHub();
  const desks: Workplace[] = [];
  const stops: (() => void)[] = [];
  try {
    const rest = hub.client();
    const boxes = await draw(rest);
    const keys = await mediaKeys(rest, boxes);
    for (const isFed of [true, false]) {
      const desk = await makeWorkplace(() => hub.url, hub.token);
      if (!isFed) withoutFeed(desk);
      desks.push(desk);
      stops.push(await desk.startEngine());
    }
    const isShown = async (desk: Workplace, { media, elemental_id: id }: Told): Promise<boolean> =>
      (await now(desk.store.annotations(keys.get(media) ?? '', []))).some(
        ({ ref }) => ref.elementalId === id,
      );
    for (const desk of desks) for (const box of boxes) await until(() => isShown(desk, box));
    const times: number[][] = desks.map(() => []);
    for (let wave = 0; wave < waves; wave += 1) {
      const gone = Array.from({ length: atOnce }, (_, i) => boxes[(wave * atOnce + i) * 2 * boxesOfMedia]);
      await Promise.all(
        gone.map(async (box) => {
          if (box === undefined) throw new Error('too few boxes');
          await rest('DELETE', `/rest/Localization/${box.id}`, { prune: 1 });
          const begun = performance.now();
          await Promise.all(
            desks.map(async (desk, i) => {
              await until(async () => !(await isShown(desk, box)));
              times[i]?.push(performance.now() - begun);
            }),
          );
        }),
      );
    }
    const [ours = [], theirs = []] = times;
    return [
      {
        job: `A box of ${medias} medias that others removed without a trace, ms until it is gone`,
        ways: [
          { name: 'the hub’s feed (ours)', times: ours },
          { name: 'whole sets in turn', times: theirs },
        ],
      },
    ];
  } finally {
    for (const stop of stops) stop();
    for (const { store } of desks) store.close();
    await hub.stop();
  }
}

async function draw(rest: HubClient): Promise<Told[]> {
  const ids = await sampleIds(rest);
  const made: number[] = [];
  for (let i = 0; i < medias; i += 1) {
    const media = await makeVideo(rest, ids, `dive-${i}.mp4`);
    const specs = Array.from({ length: boxesOfMedia }, (_, frame) => boxSpec(ids, media, { frame }));
    made.push(...(await rest<Created>('POST', `/rest/Localizations/${ids.project}`, specs)).body.id);
  }
  const first = made[0] ?? 0;
  const path = `/rest/Localizations/${ids.project}?after=${first - 1}&stop=${made.length}`;
  return (await rest<Told[]>('GET', path)).body;
}

async function mediaKeys(rest: HubClient, boxes: readonly Told[]): Promise<Map<number, string>> {
  const keys = new Map<number, string>();
  for (const media of new Set(boxes.map((box) => box.media)))
    keys.set(media, (await rest<Told>('GET', `/rest/Media/${media}`)).body.elemental_id);
  return keys;
}

/** As if the hub did not offer it. */
function withoutFeed({ host }: Workplace): void {
  const call = host.call.bind(host);
  host.call = async (method, params) => {
    const answer: unknown = await call(method, params);
    const { path } = params as { path?: string };
    if (method !== 'server.extension' || path !== '') return answer as never;
    const { value } = answer as { value: { extensions: string[] } };
    return { value: { extensions: value.extensions.filter((name) => name !== 'change-feed') } } as never;
  };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + patience;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('it does not come to that');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

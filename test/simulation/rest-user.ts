import { seededRandom, type Random } from '../../src/base/random.ts';
import { entityKey, type EntityRef } from '../../src/domain/identity.ts';
import { addedName, oldName, poison } from './simulated-tator.ts';
import { pick, type Scene } from './scene.ts';

/** Of the people who edit through plain REST. */
const asker = { user: 99, ghost: false };

export type ForeignAct = 'rest' | 'sly' | 'rename' | 'backup' | 'restore' | 'bulk' | 'attribute';

/** What others do at the server. */
export function foreignAct(world: Scene, act: ForeignAct, random: Random): void {
  const { tator } = world;
  switch (act) {
    case 'rename':
      tator.rename();
      return;
    case 'backup':
      tator.backUp();
      return;
    case 'restore':
      tator.restore();
      return;
    case 'bulk':
      bulk(world, random);
      return;
    case 'attribute':
      changeTypes(world, random);
      return;
    default:
  }
  if (act === 'sly' && random() < 0.2) {
    tator.patchMedia(pick(tator.media, random).serverId, { 'attributes.B': world.makeValue() });
    return;
  }
  const live = world.refs.map(entityKey).filter((key) => tator.isLive(key));
  if (live.length === 0) return;
  const key = pick(live, random);
  const row = tator.current(key)!;
  const field = pick(['attributes.A', 'attributes.B', 'geometry'], random);
  const changes = { [field]: world.makeValue() };
  const dice = random();
  if (tator.refuses(field)) return;
  if (act === 'rest') {
    if (dice < 0.2) tator.tombstone(key, asker);
    else tator.patch(row, changes, asker);
  } else if (dice < 0.25) tator.prune(key, { whole: false });
  else if (dice < 0.4) tator.prune(key, { whole: true });
  else if (dice < 0.7) tator.rewrite(key, { fields: { ...row.fields, ...changes } }, random() < 0.5);
  else if (dice < 0.85) tator.rewrite(key, { deleted: true }, random() < 0.5);
  else if (!(poison in row.fields)) tator.patch(row, { ...changes, frame: 2 }, asker);
}

/** Somebody changes the very element that a request is about to change. */
export function changeAgainst(world: Scene, ref: EntityRef): void {
  const { tator } = world;
  const row = tator.current(entityKey(ref));
  const random = seededRandom(world.refs.length + tator.lastId);
  const field = pick(['attributes.A', 'attributes.B', 'geometry'], random);
  if (row?.deleted !== false || tator.refuses(field)) return;
  tator.patch(row, { [field]: world.makeValue() }, asker);
}

/** One request about all that a query finds: the annotations of a kind, in one media or in all. */
function bulk(world: Scene, random: Random): void {
  const { tator, time } = world;
  const kind = random() < 0.75 ? 'localization' : 'state';
  const media = random() < 0.5 ? pick(tator.media, random).key : null;
  const rows = world.refs.flatMap((ref) => {
    const row = tator.current(entityKey(ref));
    const isFound = row?.deleted === false && ref.kind === kind && (media ?? row.media) === row.media;
    return isFound ? [row] : [];
  });
  const field = pick(['attributes.A', 'attributes.B', 'geometry'], random);
  const changes = { [field]: world.makeValue() };
  const dice = random();
  const isSilent = random() < 0.5;
  if (dice < 0.6 && tator.refuses(field)) return;
  for (const [i, row] of rows.entries()) {
    const key = entityKey(row.ref);
    if (dice < 0.6 && isSilent) tator.rewrite(key, { fields: { ...row.fields, ...changes } }, false);
    // Each is written for itself, made from what the query has read.
    else if (dice < 0.6)
      time.at(time.now() + i * 40, () => tator.current(key) !== null && tator.patch(row, changes, asker));
    else if (dice < 0.9 && isSilent) tator.rewrite(key, { deleted: true }, false);
    else if (dice < 0.9) tator.tombstone(key, asker);
    else tator.prune(key, { whole: true });
  }
}

/** An administrator takes an attribute from all types, with its values, or gives one to all of them. */
function changeTypes(world: Scene, random: Random): void {
  const { tator } = world;
  const dice = random();
  if (dice < 0.3) tator.addAttribute(addedName, world.makeValue());
  else if (dice < 0.5) tator.deleteAttribute(oldName);
  else if (!tator.deleteAttribute('attributes.B')) tator.addAttribute('attributes.B', world.makeValue());
}

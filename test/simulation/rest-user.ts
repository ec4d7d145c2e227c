import type { Random } from '../../src/base/random.ts';
import { entityKey } from '../../src/domain/identity.ts';
import { poison } from './simulated-tator.ts';
import { pick, type Scene } from './scene.ts';

/** Of the people who edit through plain REST. */
const asker = { user: 99, ghost: false };

/** What others do at the server. */
export function foreignAct(
  world: Scene,
  act: 'rest' | 'sly' | 'rename' | 'backup' | 'restore',
  random: Random,
): void {
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
  if (act === 'rest') {
    if (dice < 0.2) tator.tombstone(key, asker);
    else tator.patch(row, changes, asker);
  } else if (dice < 0.25) tator.prune(key, { whole: false });
  else if (dice < 0.4) tator.prune(key, { whole: true });
  else if (dice < 0.7) tator.rewrite(key, { fields: { ...row.fields, ...changes } }, random() < 0.5);
  else if (dice < 0.85) tator.rewrite(key, { deleted: true }, random() < 0.5);
  else if (!(poison in row.fields)) tator.patch(row, { ...changes, frame: 2 }, asker);
}

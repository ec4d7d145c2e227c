import { sameJson } from '../../src/base/json.ts';
import type { Random } from '../../src/base/random.ts';
import type { Fields } from '../../src/domain/fields.ts';
import { entityKey, type EntityKey, type EntityRef, type MediaKey } from '../../src/domain/identity.ts';
import { sameValue } from '../../src/domain/compare.ts';
import { visibleFields } from '../../src/store/overlay.ts';
import type { JournalEntry } from '../../src/store/schema.ts';
import type { Change } from '../../src/store/types.ts';
import { mediaRef, type Edit, type EntityState } from '../../src/sync/ports.ts';
import type { Fate } from './device.ts';
import type { Act } from './script.ts';
import { oldName, poison } from './simulated-tator.ts';
import { firstMedia, isVisible, nothingKnown, pick, type Scene, type Station } from './scene.ts';

/** Elements that one schedule has at the most; more would only dilute what happens to each. */
const elements = 6;

/** What the annotator at a device does. */
export async function userAct(world: Scene, station: Station, act: Act, random: Random): Promise<void> {
  switch (act) {
    case 'edit':
      return edit(world, station, random);
    case 'undo':
      return undo(world, station, random);
    case 'decide':
      return decide(world, station, random);
    case 'retry':
      return ofParked(station, async (one) => {
        station.ledger.sees(one.ref, await world.stateOf(station, one.ref));
        await station.device.retryParked(one, world.nowOf(station));
      });
    case 'discard':
      return discard(world, station);
    case 'media':
      return addMedia(world, station);
    default:
  }
}

async function edit(world: Scene, station: Station, random: Random): Promise<void> {
  const { device, ledger, life } = station;
  const states = await device.states();
  const media = pick(await mediasOf(station), random);
  const changes =
    random() < 0.12 && isVisible(states.get(entityKey(mediaRef(media))))
      ? [changeOfMedia(world, media, random)]
      : changesOf(world, states, media, random);
  if (changes.length === 0) return;
  const before = new Map(changes.map(({ ref }) => [entityKey(ref), states.get(entityKey(ref))]));
  for (const { ref } of changes) ledger.sees(ref, before.get(entityKey(ref)) ?? nothingKnown);
  const fate = fateOf(random);
  const command = { projectId: 1, media, label: 'edit', changes };
  const isSaved = await device.apply(command, world.nowOf(station), fate);
  if (!isSaved) {
    const after = await device.states();
    for (const [key, state] of before)
      if (!sameEdit(state, after.get(key))) world.problems.push(`a refused edit leaves nothing: ${key}`);
    return;
  }
  for (const change of changes) {
    const fields = change.kind === 'delete' ? [] : Object.keys(change.fields);
    ledger.touches(change.ref, fields);
    if (change.kind === 'delete') ledger.removed.add(entityKey(change.ref));
  }
  if (fate === 'saved') await checkShown(world, station, changes);
  else life.kill();
  // Nobody was told that a torn command is saved: after the restart it is there whole, or not at all.
  const settled = async (): Promise<void> => {
    for (const change of changes) {
      const fields = change.kind === 'delete' ? 'all' : Object.keys(change.fields);
      ledger.owes(change.ref, await world.stateOf(station, change.ref), fields);
    }
  };
  if (fate === 'saved') return settled();
  for (const { ref } of changes) ledger.forgives(ref);
  world.time.at(world.time.now() + 20, () => world.time.start(settled));
}

/** What is told to be saved is there. */
async function checkShown(world: Scene, station: Station, changes: Change[]): Promise<void> {
  for (const change of changes) {
    const shown = visibleFields(await world.stateOf(station, change.ref));
    const isThere =
      change.kind === 'delete'
        ? shown === null
        : shown !== null &&
          Object.entries(change.fields).every(([field, value]) => sameValue(shown[field], value));
    if (!isThere)
      world.problems.push(
        `no acknowledged edit is lost: user ${station.user}: ${entityKey(change.ref)} is not stored`,
      );
  }
}

function fateOf(random: Random): Fate {
  const dice = random();
  if (dice < 0.94) return 'saved';
  if (dice < 0.955) return 'refused';
  if (dice < 0.97) return 'unheard';
  return dice < 0.98 ? 'torn-database' : dice < 0.99 ? 'torn-recorder' : 'torn-nothing';
}

function changesOf(
  world: Scene,
  states: ReadonlyMap<EntityKey, EntityState>,
  media: MediaKey,
  random: Random,
): Change[] {
  const visible = world.refs.filter((ref) => isVisible(states.get(entityKey(ref))));
  const isNew = visible.length === 0 || (world.refs.length < elements && random() < 0.35);
  if (isNew && world.refs.length < elements + 4) return [newElement(world, visible, media, random)];
  if (visible.length === 0) return [];
  const tracks = world.tracks ? visible.filter(({ kind }) => kind === 'state') : [];
  const ref = pick(tracks.length > 0 && random() < 0.7 ? tracks : visible, random);
  const home = states.get(entityKey(ref))!;
  const first = changeOf(world, ref, random);
  // Some commands are about two elements of a media at once.
  const other = pick(visible, random);
  const otherHome = states.get(entityKey(other))!;
  const sameMedia = mediaOf(home) === mediaOf(otherHome);
  return random() < 0.15 && other !== ref && sameMedia ? [first, changeOf(world, other, random)] : [first];
}

function mediaOf({ edit, row }: EntityState): MediaKey | undefined {
  return (edit ?? row)?.media;
}

function newElement(world: Scene, visible: EntityRef[], media: MediaKey, random: Random): Change {
  const kind = random() < (world.tracks ? 0.5 : 0.2) ? 'state' : 'localization';
  const ref: EntityRef = { kind, version: 1, elementalId: world.makeId() };
  world.refs.push(ref);
  const values = valuesOf(world, 3, random);
  const old = random() < 0.15 ? { [oldName]: world.makeValue() } : {};
  const members = visible.filter((one) => one.kind === 'localization').map(({ elementalId }) => elementalId);
  const content: Fields = kind === 'state' ? { localizations: members.slice(0, 2).sort() } : { frame: 1 };
  return { kind: 'create', ref, type: 7, media, fields: { ...content, ...values, ...old, ...bad(random) } };
}

function changeOf(world: Scene, ref: EntityRef, random: Random): Change {
  const isDoomed = world.tracks && ref.kind === 'state';
  if (random() < (isDoomed ? 0.5 : 0.2)) return { kind: 'delete', ref };
  return {
    kind: 'change',
    ref,
    fields: { ...valuesOf(world, random() < 0.5 ? 1 : 2, random), ...bad(random) },
  };
}

/** Some of its values no stock server can store in a media that is there already. */
function changeOfMedia(world: Scene, media: MediaKey, random: Random): Change {
  const value = world.makeValue() + (random() < 0.1 ? "'s" : '');
  const field = random() < 0.3 ? 'name' : 'attributes.A';
  return { kind: 'change', ref: mediaRef(media), fields: { [field]: value, ...bad(random) } };
}

function valuesOf(world: Scene, count: number, random: Random): Fields {
  const fields = ['attributes.A', 'attributes.B', 'geometry'];
  const from = Math.floor(random() * 3);
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [fields[(from + i) % 3]!, world.makeValue()]),
  );
}

function bad(random: Random): Fields {
  return random() < 0.03 ? { [poison]: 'x' } : {};
}

async function mediasOf({ device }: Station): Promise<MediaKey[]> {
  const own = [...(await device.states()).values()].flatMap(({ edit: one }) =>
    one?.ref.kind === 'media' ? [one.media] : [],
  );
  const known = [...new Set([...(await device.medias()), ...own])];
  return known.length === 0 ? [firstMedia] : known;
}

async function undo(world: Scene, station: Station, random: Random): Promise<void> {
  const { device, ledger } = station;
  const media = pick(await mediasOf(station), random);
  const before = new Map(await device.states());
  for (const ref of [...world.refs, mediaRef(media)])
    ledger.sees(ref, before.get(entityKey(ref)) ?? nothingKnown);
  const entry = await device.undo(media, world.nowOf(station));
  if (entry === null) return;
  for (const { ref } of entry.steps) {
    const [was, state] = [before.get(entityKey(ref)) ?? nothingKnown, await world.stateOf(station, ref)];
    if (sameEdit(was, state)) continue;
    const key = entityKey(ref);
    if (visibleFields(was) === null && visibleFields(state) !== null) ledger.revived.add(key);
    if (visibleFields(state) === null) ledger.removed.add(key);
    ledger.touches(ref, Object.keys(visibleFields(state) ?? {}));
    ledger.owes(ref, state, 'all');
    ledger.takesBack(ref, visibleFields(was), visibleFields(state));
  }
  await checkUndo(world, station, entry, before);
}

function sameEdit(one: EntityState | undefined, other: EntityState | undefined): boolean {
  return sameJson(one?.edit ?? null, other?.edit ?? null);
}

/** After an undo each element shows what it showed before the step, in the fields of the step. */
async function checkUndo(
  world: Scene,
  station: Station,
  entry: JournalEntry,
  before: ReadonlyMap<EntityKey, EntityState>,
): Promise<void> {
  for (const { ref, before: wanted, after } of entry.steps) {
    const state = await world.stateOf(station, ref);
    const shown = visibleFields(state);
    const was = visibleFields(before.get(entityKey(ref)) ?? nothingKnown);
    // Somebody else has deleted it meanwhile: there is nothing to take back.
    if (was === null && after !== null) continue;
    const isRight =
      wanted === null
        ? shown === null
        : shown !== null &&
          Object.keys(wanted).every(
            (field) =>
              sameValue(shown[field], wanted[field]) ||
              // Nothing of the user's is left of it: what others have made of the field meanwhile shows.
              (state.edit === null &&
                sameValue(before.get(entityKey(ref))?.edit?.base?.fields[field], wanted[field])),
          );
    if (!isRight)
      world.problems.push(`undo valid: user ${station.user}: ${entityKey(ref)} ${JSON.stringify(shown)}`);
  }
}

async function decide(world: Scene, station: Station, random: Random): Promise<void> {
  const { device, ledger } = station;
  for (const state of [...(await device.states()).values()]) {
    const conflict = state.conflicts[0];
    if (conflict === undefined) continue;
    const choice = random() < 0.5 ? 'mine' : 'theirs';
    ledger.sees(conflict.ref, state);
    ledger.decides(conflict, choice);
    await device.resolve(conflict, choice, world.nowOf(station));
    const after = await world.stateOf(station, conflict.ref);
    if (visibleFields(after) === null) ledger.removed.add(conflict.key);
    ledger.owes(conflict.ref, after, conflict.field === '$deleted' ? 'all' : [conflict.field]);
  }
}

async function discard(world: Scene, station: Station): Promise<void> {
  const { device, ledger } = station;
  await ofParked(station, async (one) => {
    if (one.ref.kind === 'media') return;
    await device.discardParked(one, world.nowOf(station));
    // What he gives up may have been to take something back.
    ledger.takenBack.delete(one.key);
    ledger.owes(one.ref, await world.stateOf(station, one.ref), 'all');
  });
}

async function ofParked(station: Station, act: (edit: Edit) => Promise<void>): Promise<void> {
  for (const { edit: one } of [...(await station.device.states()).values()])
    if (one?.status.kind === 'parked') await act(one);
}

async function addMedia(world: Scene, { device, user }: Station): Promise<void> {
  if (world.medias.length > 2) return;
  const media = world.makeId();
  world.medias.push(media);
  const ref = mediaRef(media);
  await device.addMedia({
    key: entityKey(ref),
    ref,
    projectId: 1,
    type: 3,
    media,
    op: 'create',
    base: null,
    changes: { name: `clip of ${user}` },
    revision: 0,
    maybeSent: false,
    status: { kind: 'pending' },
    createdAt: world.time.now(),
    updatedAt: world.time.now(),
  });
}

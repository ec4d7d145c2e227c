import { sameFields, sameValue } from '../../src/domain/compare.ts';
import { entityKey } from '../../src/domain/identity.ts';
import { visibleFields } from '../../src/store/overlay.ts';
import { seenValue } from './ledger.ts';
import type { World } from './world.ts';

/** Each returns what is wrong, in words; an empty list when the invariant holds. */
type Checker = (world: World) => string[];

/** Whatever was acknowledged is on the server, in some mark, or still waits on the device. */
const noAcknowledgedEditLost: Checker = ({ devices, tator }) =>
  devices.flatMap(({ ledger, storage, user }) =>
    [...ledger.owed].flatMap(([key, owed]) => {
      const chain = tator.chain(key);
      const edit = storage.all().find((state) => state.edit?.key === key)?.edit;
      if (owed === null)
        return chain.length === 0 || chain.some(({ deleted }) => deleted)
          ? []
          : [`user ${user}: delete of ${key}`];
      return Object.entries(owed).flatMap(([field, value]) => {
        const there = chain.some(({ fields }) => sameValue(fields[field], value));
        const waits = edit !== undefined && edit !== null && sameValue(edit.changes[field], value);
        return there || waits ? [] : [`user ${user}: ${field}=${JSON.stringify(value)} of ${key}`];
      });
    }),
  );

/** No request was carried out twice: no device writes the same content over its own. */
const nothingTwice: Checker = ({ refs, tator }) =>
  refs.flatMap((ref) => {
    const chain = tator.chain(entityKey(ref));
    return chain.flatMap((row, i) => {
      const last = chain[i - 1];
      const repeated = last !== undefined && last.modifiedBy === row.modifiedBy && row.modifiedBy !== 99;
      return repeated && last.deleted === row.deleted && sameFields(last.fields, row.fields)
        ? [`${entityKey(ref)} mark ${row.mark}`]
        : [];
    });
  });

/** One current row per elemental id and version, and one media per elemental id. */
const oneVisibleRow: Checker = ({ refs, tator }) => {
  const twins = refs.filter((ref) => {
    const chain = tator.chain(entityKey(ref));
    return new Set(chain.map(({ mark }) => mark)).size !== chain.length;
  });
  const medias = new Set(tator.media.map(({ key }) => key));
  return [...twins.map(entityKey), ...(medias.size === tator.media.length ? [] : ['a media twice'])];
};

/** A tombstone is followed by a living mark only where a person has asked for it. */
const nothingDeletedComesBack: Checker = ({ refs, tator, devices }) =>
  refs.flatMap((ref) => {
    const key = entityKey(ref);
    const chain = tator.chain(key);
    const back = chain.some((row, i) => chain[i - 1]?.deleted === true && !row.deleted);
    return back && !devices.some(({ ledger }) => ledger.revived.has(key)) ? [key] : [];
  });

/** When the faults have stopped, all see what the server has; but for what it refused. */
const allConverge: Checker = ({ refs, tator, devices }) =>
  devices.flatMap(({ storage, user }) =>
    refs.flatMap((ref) => {
      const state = storage.state({ ref });
      if (state.edit?.status.kind === 'parked') return [];
      const current = tator.current(entityKey(ref));
      const theirs = current === null || current.deleted ? null : current.fields;
      const mine = visibleFields(state);
      const same = mine === null || theirs === null ? mine === theirs : sameFields(mine, theirs);
      return same
        ? []
        : [`user ${user}: ${entityKey(ref)} ${JSON.stringify(mine)} against ${JSON.stringify(theirs)}`];
    }),
  );

/** A value of somebody else is replaced only by one who had seen it. */
const noForeignClobber: Checker = ({ refs, tator, devices }) =>
  refs.flatMap((ref) => {
    const key = entityKey(ref);
    const chain = tator.chain(key);
    return devices.flatMap(({ user, ledger }) =>
      chain.flatMap((row, i) => {
        const last = chain[i - 1];
        if (row.modifiedBy !== user || last === undefined || row.deleted || last.deleted) return [];
        return Object.entries(last.fields).flatMap(([field, value]) => {
          if (sameValue(value, row.fields[field]) || ledger.seen.has(seenValue(key, field, value))) return [];
          const own =
            chain.slice(0, i).find(({ fields }) => sameValue(fields[field], value))?.modifiedBy === user;
          return own ? [] : [`user ${user}: ${field} of ${key} mark ${row.mark}`];
        });
      }),
    );
  });

/** A device changes only those fields that its user has changed. */
const untouchedFieldsIdentical: Checker = ({ refs, tator, devices }) =>
  refs.flatMap((ref) => {
    const key = entityKey(ref);
    const chain = tator.chain(key);
    return devices.flatMap(({ user, ledger }) =>
      chain.flatMap((row, i) => {
        const last = chain[i - 1];
        if (row.modifiedBy !== user || last === undefined || last.deleted || row.deleted) return [];
        const changed = [...new Set([...Object.keys(row.fields), ...Object.keys(last.fields)])].filter(
          (field) => !sameValue(row.fields[field], last.fields[field]),
        );
        return changed
          .filter((field) => ledger.touched.get(key)?.has(field) !== true)
          .map((field) => `user ${user}: ${field} of ${key}`);
      }),
    );
  });

/** At rest nothing is unsynced but what was refused, and nothing is in doubt. */
const theCountIsTheTruth: Checker = ({ devices }) =>
  devices.flatMap(({ storage, user }) =>
    storage
      .all()
      .filter(({ edit, attempt }) => attempt !== null || (edit !== null && edit.status.kind !== 'parked'))
      .map(
        ({ edit, attempt, conflicts }) =>
          `user ${user}: ${JSON.stringify({ edit, attempt, conflicts: conflicts.length })}`,
      ),
  );

/** Only what the server refuses is parked. */
const onlyPoisonIsParked: Checker = ({ devices }) =>
  devices.flatMap(({ storage, user }) =>
    storage.all().flatMap(({ edit }) => {
      const parked = edit?.status.kind === 'parked';
      return parked && !Object.hasOwn(edit.changes, 'attributes.Poison')
        ? [`user ${user}: ${edit.key} ${JSON.stringify(edit.status)}`]
        : [];
    }),
  );

export const invariants: Record<string, Checker> = {
  'no acknowledged edit is lost': noAcknowledgedEditLost,
  'nothing is carried out twice': nothingTwice,
  'one visible row per elemental id and version': oneVisibleRow,
  'nothing deleted comes back': nothingDeletedComesBack,
  'all converge': allConverge,
  'no foreign clobber': noForeignClobber,
  'untouched fields are identical': untouchedFieldsIdentical,
  'the unsynced count is the truth': theCountIsTheTruth,
  'only what is refused is parked': onlyPoisonIsParked,
};

export function violations(world: World): string[] {
  return Object.entries(invariants).flatMap(([name, check]) =>
    check(world).map((what) => `${name}: ${what}`),
  );
}

import { describe, expect, it } from 'vitest';
import type { Fields } from '../../../src/domain/fields.ts';
import { unstorableInMedia } from '../../../src/domain/media-fields.ts';
import { settleMedia } from '../../../src/sync/media-settle.ts';
import { mediaRow, type ServerRow } from '../../../src/sync/ports.ts';
import { attemptOf, editOf, stateOf, testContext } from './support.ts';

function listed(fields: { name?: string; attributes?: Record<string, string> }): ServerRow {
  const { name = 'dive.mp4', attributes = {} } = fields;
  return mediaRow({ key: 'm', serverId: 5, type: 3, name, sectionId: null, attributes });
}

const before = listed({ attributes: { Site: 'north' } });
const asked = { ...testContext(), answered: false, lateFor: 0 };
const answered = { ...testContext(), answered: true, lateFor: 0 };

function changing(changes: Fields) {
  return editOf({ base: before, changes });
}

describe('the work on a media, when the server shows it again', () => {
  it('is done when the server shows it', () => {
    const state = stateOf({
      edit: changing({ 'attributes.Site': 'south' }),
      attempt: attemptOf({ sent: { 'attributes.Site': 'south' } }),
    });
    expect(settleMedia(state, listed({ attributes: { Site: 'south' } }), answered)).toMatchObject({
      edit: null,
      attempt: null,
    });
  });

  it('stays when its request was lost, and goes on', () => {
    const state = stateOf({
      edit: changing({ name: 'dive 2.mp4' }),
      attempt: attemptOf({ sent: { name: 'dive 2.mp4' } }),
    });
    expect(settleMedia(state, before, asked)).toMatchObject({
      attempt: null,
      conflicts: [],
      edit: { changes: { name: 'dive 2.mp4' }, status: { kind: 'pending' } },
    });
  });

  it('goes back to what was there where the user took it back while it was on its way and it arrived', () => {
    const state = stateOf({
      edit: changing({}),
      attempt: attemptOf({ sent: { 'attributes.Site': 'south', 'attributes.Dive': '7' }, state: 'in-doubt' }),
    });
    const there = listed({ attributes: { Site: 'south', Dive: '7' } });
    expect(settleMedia(state, there, asked)).toMatchObject({
      ...{ attempt: null, conflicts: [] },
      edit: { changes: { 'attributes.Site': 'north', 'attributes.Dive': null } },
    });
  });

  it('waits where what was taken back may still arrive, and is done where it cannot any more', () => {
    const attempt = attemptOf({ sent: { 'attributes.Site': 'south' }, state: 'in-doubt' });
    const state = stateOf({ edit: changing({}), attempt });
    const at = (age: number) => ({ ...asked, now: attempt.at + age, lateFor: 1000 });
    expect(settleMedia(state, before, at(999))).toEqual({});
    expect(settleMedia(state, before, at(1000))).toMatchObject({ edit: null, attempt: null });
  });

  it('takes what it has sent itself for no change of somebody else', () => {
    const state = stateOf({
      edit: changing({ 'attributes.Site': 'west' }),
      attempt: attemptOf({ sent: { 'attributes.Site': 'south' } }),
    });
    expect(settleMedia(state, listed({ attributes: { Site: 'south' } }), asked)).toMatchObject({
      conflicts: [],
      edit: { changes: { 'attributes.Site': 'west' } },
    });
  });

  it('is a conflict where somebody else has set the same field, and merges with any other', () => {
    const state = stateOf({ edit: changing({ 'attributes.Site': 'south', name: 'mine.mp4' }) });
    const revision = settleMedia(state, listed({ attributes: { Site: 'east', Depth: '9' } }), asked);
    expect(revision.conflicts).toMatchObject([
      { field: 'attributes.Site', base: 'north', mine: 'south', theirs: 'east' },
    ]);
    expect(revision.edit?.changes).toEqual({ 'attributes.Site': 'south', name: 'mine.mp4' });
  });

  it('is parked, not repeated, when the server said yes and stored nothing', () => {
    const state = stateOf({
      edit: changing({ 'attributes.Site': 'south' }),
      attempt: attemptOf({ sent: { 'attributes.Site': 'south' }, state: 'sent' }),
    });
    expect(settleMedia(state, before, answered).edit).toMatchObject({
      changes: { 'attributes.Site': 'south' },
      status: { kind: 'parked', reason: expect.stringContaining('attributes.Site') },
    });
  });

  it('is parked when the media is gone', () => {
    const state = stateOf({ edit: changing({ name: 'x' }) });
    expect(settleMedia(state, { ...before, deleted: true }, asked).edit?.status.kind).toBe('parked');
  });

  it('keeps what the user changed while the media was being made', () => {
    const sent = { name: 'dive.mp4', md5: '0', 'attributes.Site': 'north' };
    const state = stateOf({
      edit: editOf({ op: 'create', changes: { ...sent, name: 'renamed.mp4' }, revision: 2 }),
      attempt: attemptOf({ intent: 'create', sent }),
    });
    const { edit } = settleMedia(state, before, asked);
    expect(edit).toMatchObject({ op: 'edit', base: before, changes: { name: 'renamed.mp4' } });
  });

  it('asks about what was changed while it was being made only where nobody knows any more what was sent', () => {
    const sent = { name: 'dive.mp4', md5: '0', 'attributes.Site': 'north' };
    const changes = { ...sent, 'attributes.Site': 'south' };
    const edit = editOf({ op: 'create', changes, revision: 2, maybeSent: true });
    const attempt = attemptOf({ intent: 'create', sent, state: 'in-doubt', recorded: true });
    expect(settleMedia(stateOf({ edit, attempt }), before, asked)).toMatchObject({
      ...{ attempt: null, conflicts: [] },
      edit: { op: 'edit', base: before, changes: { 'attributes.Site': 'south' }, maybeSent: false },
    });
    const guess = attemptOf({ intent: 'create', sent: changes, state: 'in-doubt' });
    expect(settleMedia(stateOf({ edit, attempt: guess }), before, asked).conflicts).toMatchObject([
      { field: 'attributes.Site', mine: 'south', theirs: 'north' },
    ]);
  });

  it('ends with the making of it when nothing else was changed, also after somebody else renamed it', () => {
    const sent = { name: 'dive.mp4', md5: '0' };
    const state = stateOf({
      edit: editOf({ op: 'create', changes: sent }),
      attempt: attemptOf({ intent: 'create', sent }),
    });
    expect(settleMedia(state, listed({ name: 'theirs.mp4' }), asked)).toMatchObject({
      edit: null,
      attempt: null,
    });
  });
});

describe('what a stock Tator cannot store in a media that is there', () => {
  it.each([["Cod's egg"], ['50 %'], ['50 %%'], ['tab\there'], [['a', 'b']]])('is %j', (value) => {
    expect(unstorableInMedia('attributes.Note', value)).not.toBeNull();
  });

  it.each([['line\nbreak'], ['"quoted" \\ ä 🐟'], [3], [null], [[1, 2]], [true]])('is not %j', (value) => {
    expect(unstorableInMedia('attributes.Note', value)).toBeNull();
  });

  it('is no name', () => {
    expect(unstorableInMedia('name', "Anna's dive")).toBeNull();
  });
});

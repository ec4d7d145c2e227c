import { describe, expect, it } from 'vitest';
import { TidemarkError, type ErrorCode } from '../../../src/contract/errors.ts';
import { HostServer } from '../../../src/engine/host-server.ts';
import { readUnlessOf, serverCallOf } from '../../../src/engine/server-call.ts';
import { FakeHost } from './fake-host.ts';
import { ref, row } from './wire-row.ts';

type Operations = Record<string, () => unknown>;

function serverOf(operations: Operations) {
  const host = new FakeHost({
    'server.call': ({ operation }: { operation: string }) => {
      const answer = operations[operation];
      if (answer === undefined) throw new Error(`not expected: ${operation}`);
      return { value: answer(), digest: '' };
    },
  });
  const asked = (operation: string) =>
    host.asked.map(({ params }) => params).find((params) => params.operation === operation)?.args as Record<
      string,
      unknown
    >;
  const server = new HostServer({
    call: serverCallOf(host, 'crew'),
    readUnless: readUnlessOf(host, 'crew'),
    extension: () => Promise.resolve(null),
  });
  return { server, asked };
}

const media = { id: 5, project: 1, type: 3, name: 'clip', elemental_id: 'key-5', attributes: {} };

describe('reading marks', () => {
  it('leaves out the rows of an answer that is known, and makes those of any other', async () => {
    const host = new FakeHost({
      'server.call': ({ operation, known }: { operation: string; known?: string }) => {
        if (operation === 'get_media_list_by_id') return { value: [media] };
        return { value: known === 'same' ? null : [row], digest: 'same' };
      },
    });
    const server = new HostServer({
      call: serverCallOf(host, 'crew'),
      readUnless: readUnlessOf(host, 'crew'),
      extension: () => Promise.resolve(null),
    });
    const query = { projectId: 1, kind: 'localization', allMarks: false, limit: 100 } as const;
    expect(await server.readMarksUnless(query, 'same')).toEqual({
      ok: true,
      value: { digest: 'same', rows: null },
    });
    for (const known of [null, 'other'])
      expect(await server.readMarksUnless(query, known)).toMatchObject({
        ok: true,
        value: { digest: 'same', rows: [{ ref, rowId: 31, mark: 2, media: 'key-5' }] },
      });
  });

  it('makes fields of a row and a key of its media', async () => {
    const { server, asked } = serverOf({
      get_localization_list: () => [row],
      get_media_list_by_id: () => [media],
    });
    const answer = await server.readMarks({
      projectId: 1,
      kind: 'localization',
      after: 8,
      allMarks: true,
      limit: 100,
      modifiedSince: '2026-01-01T00:00:00Z',
    });
    expect(answer).toMatchObject({
      ok: true,
      value: [
        {
          ref,
          rowId: 31,
          mark: 2,
          media: 'key-5',
          deleted: false,
          fields: {
            frame: 12,
            geometry: { kind: 'box', x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
            'attributes.Species': 'Cod',
          },
        },
      ],
    });
    expect(asked('get_localization_list')).toEqual({
      project: 1,
      show_deleted: 1,
      show_all_marks: 1,
      merge: 0,
      stop: 100,
      after: 8,
      attribute_gte: ['$modified_datetime::2026-01-01T00:00:00Z'],
    });
  });

  it.each([
    [
      { x: 0.1, y: 0.2, width: null, height: null },
      { kind: 'dot', x: 0.1, y: 0.2 },
    ],
    [
      { x: 0.1, y: 0.2, width: null, height: null, u: 0.5, v: 0 },
      { kind: 'line', x: 0.1, y: 0.2, u: 0.5, v: 0 },
    ],
    [
      {
        x: null,
        y: null,
        width: null,
        height: null,
        points: [
          [0, 0],
          [1, 1],
        ],
      },
      {
        kind: 'poly',
        points: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
    [{ x: null, y: null, width: null, height: null }, { kind: 'none' }],
  ])('reads the drawing %j', async (members, geometry) => {
    const { server } = serverOf({
      get_localization_list: () => [{ ...row, ...members }],
      get_media_list_by_id: () => [media],
    });
    const answer = await server.readMarks({ projectId: 1, kind: 'localization', allMarks: false, limit: 10 });
    expect(answer).toMatchObject({ value: [{ fields: { geometry } }] });
  });

  it.each([[{}], ['<html>'], [[{ id: 'x' }]], [null]])(
    'takes %j for garbage, not for an empty list',
    async (garbage) => {
      const { server } = serverOf({ get_localization_list: () => garbage });
      const answer = await server.readMarks({
        projectId: 1,
        kind: 'localization',
        allMarks: false,
        limit: 10,
      });
      expect(answer).toMatchObject({ ok: false, failure: { kind: 'unknown-outcome' } });
    },
  );

  it('names the members of a track by their elemental ids', async () => {
    const { server } = serverOf({
      get_state_list: () => [{ ...row, media: [5], localizations: [31] }],
      get_media_list_by_id: () => [media],
      get_localization_list_by_id: () => [row],
    });
    const answer = await server.readMarks({ projectId: 1, kind: 'state', allMarks: false, limit: 10 });
    expect(answer).toMatchObject({
      value: [{ ref: { kind: 'state' }, fields: { localizations: [ref.elementalId] } }],
    });
  });
});

describe('the print of a track', () => {
  it('is another one where its row ids stand for other elements, or for none, and its bytes’ own without any', async () => {
    const printOf = async (ids: number[], member: object | null): Promise<number | undefined> => {
      const host = new FakeHost({
        'server.call': ({ operation }: { operation: string }) => {
          if (operation === 'get_media_list_by_id') return { value: [media] };
          if (operation === 'get_state_list')
            return { value: [{ ...row, media: [5], localizations: ids }], digest: '', prints: [77] };
          return { value: member === null ? [] : [member], digest: '', prints: [] };
        },
      });
      const server = new HostServer({
        call: serverCallOf(host, 'crew'),
        readUnless: readUnlessOf(host, 'crew'),
        extension: () => Promise.resolve(null),
      });
      const answer = await server.readMarks({ projectId: 1, kind: 'state', allMarks: false, limit: 10 });
      return answer.ok ? answer.value[0]?.print : undefined;
    };
    const other = { ...row, elemental_id: 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb' };
    const prints = [await printOf([31], row), await printOf([31], other), await printOf([31], null)];
    expect(new Set(prints).size).toBe(3);
    expect(prints[2]).toBe(77);
    expect(await printOf([31], row)).toBe(prints[0]);
  });
});

describe('what has changed', () => {
  const page = {
    ...{ cursor: 'next', reset: false, more: true },
    changes: [
      {
        ...{ kind: 'localization', removed: true, unnamed: false, ids: [1, 2] },
        ...{ elemental_ids: ['a', null], media_ids: [5] },
      },
      // Of an older hub, which does not name medias.
      { kind: 'media', removed: false, ids: [5], elemental_ids: ['m'] },
      { kind: 'dive', removed: false, ids: [5], elemental_ids: ['m'] },
    ],
  };
  const answering = (answer: unknown) => {
    const asked: unknown[] = [];
    const server = new HostServer({
      call: () => Promise.reject(new Error('not expected')),
      readUnless: () => Promise.reject(new Error('not expected')),
      extension: async (...what) => {
        asked.push(what);
        return answer;
      },
    });
    return { server, asked };
  };

  it('is read from a cursor on, without the kinds that nobody knows', async () => {
    const { server, asked } = answering(page);
    expect(await server.readChanges(3, 'now')).toEqual({
      ok: true,
      value: {
        ...{ cursor: 'next', reset: false, more: true },
        changes: [
          { kind: 'localization', removed: true, unnamed: false, elementalIds: ['a'], mediaIds: [5] },
          { kind: 'media', removed: false, unnamed: false, elementalIds: ['m'], mediaIds: [5] },
        ],
      },
    });
    await server.readChanges(3, null);
    expect(asked).toEqual([
      ['/Changes/3', { cursor: 'now' }],
      ['/Changes/3', {}],
    ]);
  });

  it('is null where the server has no feed, and a failure where the answer is none', async () => {
    expect(await answering(null).server.readChanges(3, null)).toEqual({ ok: true, value: null });
    for (const answer of [{}, { cursor: '', changes: [] }, { cursor: 'x', changes: 7 }])
      expect((await answering(answer).server.readChanges(3, null)).ok).toBe(false);
  });

  it('is offered by a hub that lists it', async () => {
    const traits = async (answer: unknown) => {
      const read = await answering(answer).server.readTraits();
      return read.ok && read.value.feed;
    };
    expect(await traits({ extensions: ['change-feed'] })).toBe(true);
    expect(await traits({ extensions: ['events'] })).toBe(false);
    expect(await traits(null)).toBe(false);
  });
});

describe('writing', () => {
  it('creates with the device’s own elemental id and version', async () => {
    const { server, asked } = serverOf({ create_localization_list: () => ({ message: '', id: [31] }) });
    const fields = {
      frame: 3,
      geometry: { kind: 'dot', x: 0.5, y: 0.5 },
      'attributes.Species': 'Cod',
      'attributes.Note': null,
    };
    expect(await server.createAnnotations(1, [{ ref, type: 7, mediaIds: [5], fields }])).toEqual({
      ok: true,
      value: [31],
    });
    expect(asked('create_localization_list').body).toEqual([
      {
        media_id: 5,
        type: 7,
        version: 4,
        elemental_id: ref.elementalId,
        frame: 3,
        x: 0.5,
        y: 0.5,
        attributes: { Species: 'Cod' },
      },
    ]);
  });

  it('patches against a mark, with the changed fields only', async () => {
    const { server, asked } = serverOf({
      update_localization_by_elemental_id: () => ({ message: '', object: row }),
      get_media_list_by_id: () => [media],
    });
    const answer = await server.patchAnnotation(ref, 1, {
      'attributes.Species': 'Cod',
      'attributes.Note': null,
    });
    expect(answer).toMatchObject({ ok: true, value: { mark: 2 } });
    expect(asked('update_localization_by_elemental_id')).toEqual({
      version: 4,
      elemental_id: ref.elementalId,
      body: { mark: 1, pedantic: 1, attributes: { Species: 'Cod' }, null_attributes: ['Note'] },
    });
  });

  it.each<[ErrorCode, string]>([
    ['timeout', 'unknown-outcome'],
    ['garbled-answer', 'unknown-outcome'],
    ['offline', 'unknown-outcome'],
    ['host-gone', 'unknown-outcome'],
    ['offline-by-choice', 'offline'],
    ['stale-mark', 'stale-mark'],
    ['not-found', 'not-found'],
    ['bad-token', 'sign-in'],
    ['throttled', 'throttled'],
    ['forbidden', 'forbidden'],
    ['rejected', 'rejected'],
  ])('takes the fault %s of a write for %s', async (code, kind) => {
    const { server } = serverOf({
      delete_localization_by_elemental_id: () => {
        throw new TidemarkError(code);
      },
    });
    expect(await server.deleteAnnotation(ref)).toMatchObject({ ok: false, failure: { kind } });
  });

  it('does not take a media of another elemental id for the one that it looks for', async () => {
    const { server } = serverOf({ get_media_list: () => [media] });
    expect(await server.findMedia(1, 'other')).toEqual({ ok: true, value: [] });
  });
});

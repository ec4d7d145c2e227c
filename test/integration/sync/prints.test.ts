import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, sumOfPrints } from '../../../src/base/row-prints.ts';
import type { Project } from '../../../src/domain/entity-types.ts';
import type { Fields } from '../../../src/domain/fields.ts';
import { HostServer } from '../../../src/engine/host-server.ts';
import { readExtensionOf, readUnlessOf, serverCallOf } from '../../../src/engine/server-call.ts';
import type { Answer, MarkQuery, ServerRow } from '../../../src/sync/ports.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { DirectHost } from './support.ts';

let hub: TestHub;
let rest: HubClient;
let ids: SampleIds;
let project: Project;
let everything: MarkQuery;

beforeAll(async () => {
  hub = await startTestHub();
  rest = hub.client();
  ids = await sampleIds(rest);
  project = { id: ids.project, name: 'Sample', summary: '', permission: 'Full Control' };
  everything = { projectId: ids.project, kind: 'localization', allMarks: false, limit: 1000 };
  const server = adapter();
  for (const name of ['one.mp4', 'other.mp4', 'third.mp4']) await draw(server, name);
});

/** A media with boxes, and a track of the first two. */
async function draw(server: HostServer, name: string): Promise<void> {
  const known = { name, md5: 'd41d8cd98f00b204e9800998ecf8427e', num_frames: 100, fps: 25 };
  const media = { elementalId: crypto.randomUUID(), type: ids.video, sectionId: null, fields: known };
  const mediaId = valueOf(await server.createMedia(ids.project, media));
  const specOf = (kind: 'localization' | 'state', type: number, fields: Fields) => ({
    ref: { kind, version: ids.baseline, elementalId: crypto.randomUUID() },
    ...{ type, fields, mediaIds: [mediaId] },
  });
  const boxes = Array.from({ length: 8 }, (_, i) => {
    const geometry = { kind: 'box', x: 0.1 * i, y: 0.2, width: 0.3, height: 0.4 };
    return specOf('localization', ids.box, { frame: i, geometry, 'attributes.Comment': `},{"id":${i}` });
  });
  valueOf(await server.createAnnotations(ids.project, boxes));
  const localizations = boxes.slice(0, 2).map(({ ref }) => ref.elementalId);
  valueOf(await server.createAnnotations(ids.project, [specOf('state', ids.track, { localizations })]));
}

afterAll(() => hub.stop());

function adapter(): HostServer {
  const host = new DirectHost(() => hub.url, hub.token);
  return new HostServer({
    call: serverCallOf(host, 'crew'),
    readUnless: readUnlessOf(host, 'crew'),
    extension: readExtensionOf(host, 'crew'),
  });
}

function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`no answer: ${answer.failure.kind}`);
  return answer.value;
}

const printsOf = (rows: readonly ServerRow[]) => rows.map(({ print }) => print);
const digestOfRows = (rows: readonly ServerRow[]) => digestOf(rows.length, sumOfPrints(printsOf(rows)) ?? -1);

describe('the prints of a hub’s rows', () => {
  it('tell a set of a media again by what a pull of the project has told, until one row is another', async () => {
    const server = adapter();
    valueOf(await server.readCatalog(project));
    const rows = valueOf(await server.readMarks(everything));
    expect(rows.length).toBeGreaterThan(10);
    expect(new Set(printsOf(rows)).size).toBe(rows.length);
    const medias = valueOf(await server.readMedia({ projectId: ids.project, after: 0, limit: 100 }));
    const asked = medias.map(({ key, serverId }) => ({
      query: { ...everything, mediaIds: [serverId] },
      known: digestOfRows(rows.filter(({ media }) => media === key)),
    }));
    for (const { query, known } of asked)
      expect(valueOf(await server.readMarksUnless(query, known))).toEqual({ digest: known, rows: null });

    const [one] = rows;
    const edited = await rest('PATCH', `/rest/Localization/${one?.rowId}`, { frame: 7, in_place: 1 });
    expect(edited.status).toBe(200);
    const answers = [];
    for (const { query, known } of asked) answers.push(valueOf(await server.readMarksUnless(query, known)));
    const others = answers.filter((answer) => answer.rows !== null);
    expect(others).toHaveLength(1);
    expect(others[0]?.rows?.filter(({ print }) => !printsOf(rows).includes(print))).toMatchObject([
      { ref: one?.ref, fields: { frame: 7 } },
    ]);
  });

  it('are the same however the rows are asked for', async () => {
    const server = adapter();
    valueOf(await server.readCatalog(project));
    const rows = valueOf(await server.readMarks(everything));
    const some = rows.slice(3, 6);
    const elementalIds = some.map(({ ref }) => ref.elementalId);
    const named = { ...everything, version: ids.baseline, elementalIds };
    const byIds = valueOf(await server.readMarks(named));
    expect(new Set(printsOf(byIds))).toEqual(new Set(printsOf(some)));
  });

  it('are left out where the type of a row was not told yet, so that its drawing is guessed', async () => {
    const unread = valueOf(await adapter().readMarks(everything));
    expect(new Set(printsOf(unread))).toEqual(new Set([undefined]));
  });

  it('tell a track by its members as well, which its bytes name by row ids', async () => {
    const server = adapter();
    valueOf(await server.readCatalog(project));
    const query = { ...everything, kind: 'state' } as const;
    const states = valueOf(await server.readMarks(query));
    expect(states).toHaveLength(3);
    expect(valueOf(await server.readMarks(query))).toEqual(states);
    // Its bytes alone do not say that it is the known one.
    expect(valueOf(await server.readMarksUnless(query, digestOfRows(states))).rows).toEqual(states);
  });
});

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationList } from '../../../src/contract/table.ts';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { HubRequests } from '../../support/hub-requests.ts';

let hub: TestHub;
let call: HubClient;
let requests: HubRequests;

beforeAll(async () => {
  hub = await startTestHub({ sample: true, env: { RUN_ALGORITHMS: '1' } });
  call = hub.client();
  requests = await HubRequests.on(call);
});

afterAll(() => hub.stop());

const ajv = new Ajv2020({ strict: false, allowUnionTypes: true });
addFormats(ajv);

/** Ids that nothing has. */
const absent: Readonly<Record<string, string>> = {
  uid: '00000000-0000-4000-8000-000000000000',
  elemental_id: '00000000-0000-4000-8000-000000000000',
};

describe('every operation that is served', () => {
  it('answers in the shape that the contract declares', { timeout: 60_000 }, async () => {
    const wrong: string[] = [];
    let checked = 0;
    for (const operation of operationList) {
      const { method, path, body } = await requests.of(operation.name);
      const reply = await call(method, path, body);
      if (reply.status >= 300) continue;
      const declared = operation.responses[reply.status];
      if (declared === undefined) wrong.push(`${operation.name} answered ${reply.status}`);
      if (declared?.kind !== 'json') continue;
      checked++;
      if (!ajv.validate(declared.schema, reply.body))
        wrong.push(`${operation.name}: ${ajv.errorsText()} in ${JSON.stringify(reply.body).slice(0, 200)}`);
    }
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(150);
  });

  it('answers 404 for what is not there', { timeout: 60_000 }, async () => {
    const wrong: string[] = [];
    let checked = 0;
    for (const operation of operationList) {
      const [last] = Object.keys(operation.pathParams).slice(-1);
      if (last === undefined) continue;
      const { method, path, body } = await requests.of(operation.name);
      const bare = path.replace(/[^/?]+(?=\?|$)/, absent[last] ?? '2000000000');
      const reply = await call(method, bare, body);
      if (reply.body.details === 'not-implemented') continue;
      checked++;
      if (reply.status !== 404 || typeof reply.body.message !== 'string')
        wrong.push(`${operation.name}: ${reply.status} ${JSON.stringify(reply.body).slice(0, 160)}`);
    }
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(150);
  });

  it(
    'answers 400 for a body that is no object, and for an id that is no number',
    { timeout: 60_000 },
    async () => {
      const wrong: string[] = [];
      for (const operation of operationList) {
        const { method, path, body } = await requests.of(operation.name);
        const replies = operation.body?.required ? [await call(method, path, 'text')] : [];
        const [last = ''] = Object.keys(operation.pathParams).slice(-1);
        if (['id', 'project', 'organization'].includes(last))
          replies.push(await call(method, path.replace(/[^/?]+(?=\?|$)/, 'one'), body));
        for (const { status, body: answer } of replies)
          if (status !== 400 || typeof answer.message !== 'string')
            wrong.push(`${operation.name}: ${status} ${JSON.stringify(answer).slice(0, 160)}`);
      }
      expect(wrong).toEqual([]);
    },
  );
});

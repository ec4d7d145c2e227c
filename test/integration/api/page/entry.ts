import { createTatorClient, type TatorClient } from '../../../../src/api/client.ts';
import { TatorError } from '../../../../src/api/error.ts';
import { eachRow } from '../../../../src/api/paging.ts';
import { machine, signIn } from '../../../../src/api/sign-in.ts';

/** A day's work of a page with the client; what comes out is compared in the test. */

interface Job {
  host: string;
  password: string;
  project: number;
  media: number;
  type: number;
  version: number;
}

async function work(job: Job): Promise<Record<string, unknown>> {
  const { client: tator } = await signIn(
    { host: job.host, ...machine() },
    { username: 'admin', password: job.password },
  );
  const { project } = job;
  const me = await tator.whoami();
  // Beyond Latin 1: base64 is where browsers and Node part ways.
  const species = 'Größe \u{1F420}';
  const place = { x: 0.1, y: 0.1, width: 0.1, height: 0.1, frame: 0 };
  const spec = { media_id: job.media, type: job.type, version: job.version, ...place };
  await tator.create_localization_list({ project, body: [{ ...spec, attributes: { Comment: species } }] });
  const found = await tator.get_localization_list({
    project,
    encoded_search: { attribute: 'Comment', operation: 'eq', value: species },
  });
  let streamed = 0;
  for await (const row of eachRow(tator, 'get_localization_list', { project, media_id: [job.media] }))
    streamed += row.media === job.media ? 1 : 0;
  const stranger = createTatorClient({ host: job.host, token: 'none', ...machine() });
  return {
    user: me.username,
    found: found.map((row) => row.attributes.Comment),
    streamed,
    badToken: await codeOf(() => stranger.whoami()),
    missing: await codeOf(() => tator.get_project({ id: 999_999 })),
    aborted: await codeOf(() => tator.whoami({}, { signal: AbortSignal.abort() })),
    refused: await codeOf(() => tator.get_localization_list({ project, media_id: [] })),
    progress: await tellsProgress(tator),
  };
}

/** Progress is told of a long answer as it comes. */
async function tellsProgress(tator: TatorClient): Promise<boolean> {
  let told = 0;
  await tator.get_project_list({}, { onProgress: ({ received }) => (told = received) });
  return told > 0;
}

async function codeOf(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt();
    return 'none';
  } catch (error) {
    return error instanceof TatorError ? error.code : `not a TatorError: ${String(error)}`;
  }
}

function codeWithoutServer(host: string): Promise<string> {
  const tator = createTatorClient({ host, token: 'x', tries: 1, ...machine() });
  return codeOf(() => tator.whoami());
}

const clientPage = { work, codeWithoutServer };
export type ClientPage = typeof clientPage;
Object.assign(globalThis, { clientPage });

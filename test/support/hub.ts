import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stopLeftover } from '../../src/hub/postgres/cluster.ts';
import { startExternalPostgres, wantsMachinePostgres } from './external-postgres.ts';

/** A hub as the user runs it: its own process, its own PostgreSQL, a folder of its own. */
export interface TestHub {
  url: string;
  data: string;
  pid: number;
  adminToken: string;
  /** Of the user "annotator" (Can Transfer in the sample project); empty without the sample. */
  annotatorToken: string;
  /** The administrator's. */
  token: string;
  client(token?: string): HubClient;
  /** Everything it said on stderr so far. */
  stderr(): string;
  /** SIGKILLs the hub's process; its PostgreSQL stays behind, as after a crash. */
  kill(): Promise<void>;
  /** What the end of the process that started it looks like to the hub. */
  closeParent(): void;
  /** Starts it again on the same folder (and port, unless told otherwise). */
  restart(options?: { port?: number }): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface Reply<Body> {
  status: number;
  body: Body;
  headers: Headers;
}

/** What most answers hold; calls that answer something else name its type. */
export interface Answer {
  message: string;
  details: string;
  id: number;
  object: Row;
}

/** What a create of annotations answers. */
export interface Created {
  message: string;
  id: number[];
}

/** A media. */
export interface MediaAnswer {
  fps: number;
  num_frames: number;
  media_files: Record<'streaming' | 'archival' | 'audio' | 'thumbnail' | 'thumbnail_gif', FileAnswer[]>;
}

export interface FileAnswer {
  path: string;
  segment_info: string;
  size: number;
  resolution: [number, number];
}

/** An annotation. */
export interface Row {
  id: number;
  mark: number;
  frame: number;
  version: number;
  elemental_id: string;
  variant_deleted: boolean;
  attributes: Record<string, unknown>;
  created_by: number;
  modified_by: number;
  created_datetime: string;
  modified_datetime: string;
  localizations: number[];
}

/** Plain REST calls; answers of every status come back. */
export type HubClient = <Body = Answer>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Reply<Body>>;

const entry = fileURLToPath(new URL('../../src/hub/entry.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const START_LIMIT_MS = 60_000;

export async function startTestHub(
  options: {
    sample?: boolean;
    data?: string;
    port?: number;
    env?: Record<string, string>;
    /** Written by the hub when it is ready, as for a program that embeds it. */
    credentialsFile?: string;
    /** ms that a start may take. */
    startLimit?: number;
  } = {},
): Promise<TestHub> {
  const { sample = true, startLimit = START_LIMIT_MS } = options;
  const own = options.data === undefined;
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'tidemark-hub-')));
  // A test that names its database, or looks into the folder of the hub's own, keeps it.
  const external =
    own && options.env?.['DATABASE_URL'] === undefined && wantsMachinePostgres()
      ? await startExternalPostgres()
      : undefined;
  const env = {
    ...process.env,
    ...(external === undefined ? {} : { DATABASE_URL: external.url }),
    ...options.env,
  };
  let log = '';
  let running = await launch(options.port ?? 0);
  const tokens = await signIn(running.url, data, sample);

  async function launch(port: number): Promise<{ child: ChildProcess; url: string }> {
    const args = ['--import', 'tsx', entry, '--port', String(port), '--data', data, '--parent-watch'];
    if (options.credentialsFile !== undefined) args.push('--credentials-file', options.credentialsFile);
    const child = spawn(process.execPath, sample ? [...args, '--sample'] : args, {
      cwd: root,
      stdio: ['pipe', 'pipe', 'pipe'],
      env,
    });
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    return { child, url: await readyUrl(child, startLimit, () => log) };
  }

  return {
    get url() {
      return running.url;
    },
    get pid() {
      return running.child.pid ?? 0;
    },
    data,
    token: tokens.admin,
    adminToken: tokens.admin,
    annotatorToken: tokens.annotator,
    client: (token = tokens.admin) => hubClient(() => running.url, token),
    stderr: () => log,
    kill: () => end(running.child, 'SIGKILL'),
    closeParent: () => running.child.stdin?.end(),
    async restart({ port } = {}) {
      running = await launch(port ?? Number(new URL(running.url).port));
    },
    async stop() {
      await end(running.child, 'SIGTERM');
      await stopLeftover(data);
      await external?.stop();
      if (own) await rm(data, { recursive: true, force: true });
    },
  };
}

function readyUrl(child: ChildProcess, startLimit: number, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`the hub did not get ready: ${log()}`)), startLimit);
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const line = out.split('\n').find((text) => text.includes('"ready"'));
      if (line === undefined) return;
      clearTimeout(limit);
      resolve((JSON.parse(line) as { url: string }).url);
    });
    child.once('exit', (code) => {
      clearTimeout(limit);
      reject(new Error(`the hub ended with ${code}: ${log()}`));
    });
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}

/** SIGKILLs the PostgreSQL of the hub on this folder. */
export async function killDatabase(data: string): Promise<void> {
  const text = await readFile(join(data, 'postgres/cluster/postmaster.pid'), 'utf8');
  process.kill(Number(text.split('\n')[0]), 'SIGKILL');
}

async function signIn(
  url: string,
  data: string,
  sample: boolean,
): Promise<{ admin: string; annotator: string }> {
  const tokenOf = async (username: string): Promise<string> => {
    const password = (await readFile(join(data, `${username}-password.txt`), 'utf8')).trim();
    const reply = await hubClient(() => url)<{ token: string }>('POST', '/rest/Token', {
      username,
      password,
    });
    return reply.body.token;
  };
  return { admin: await tokenOf('admin'), annotator: sample ? await tokenOf('annotator') : '' };
}

export function hubClient(url: () => string, token?: string): HubClient {
  return async <Body = Answer>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<Body>> => {
    const reply = await fetch(url() + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === undefined ? {} : { authorization: `Token ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    return { status: reply.status, body: parse(text) as Body, headers: reply.headers };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

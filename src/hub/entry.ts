#!/usr/bin/env node
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readExtensions } from './extensions.ts';
import { StartFailure } from './errors.ts';
import { startHub, type HubOptions, type RunningHub } from './start-hub.ts';

/**
 * The hub as a program: `tidemark-hub [--port N] [--data FOLDER] [--host ADDRESS] [--sample]
 * [--credentials-file FILE] [--public-url URL] [--parent-watch]`, and DATABASE_URL, FFMPEG_PATH in the
 * environment. Says `{"event":"ready","url":…,"pid":…}` on stdout when it listens; everything for
 * people goes to stderr.
 */
const usage = `tidemark-hub: the Tator-compatible server of Tidemark
  --port N                 port to listen on; 0 for any free one (default 8787)
  --host ADDRESS           address to listen on (default 127.0.0.1: this machine only)
  --data FOLDER            where everything is kept (default ~/.local/share/tidemark-hub)
  --sample                 make the sample project
  --credentials-file FILE  write url, username and password as JSON (mode 0600) for the program that started it
  --public-url URL         base of the URLs given to clients, behind a proxy
  --parent-watch           end when the program that started it ends (its end of stdin closes)
Environment: DATABASE_URL (an external PostgreSQL 15 or later), FFMPEG_PATH,
S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, and S3_ENDPOINT (default: AWS), S3_REGION (default
us-east-1), S3_EXTERNAL_HOST (all files in a bucket; with the last, clients read from it directly),
SMTP_URL and MAIL_FROM (mail),
OPEN_REGISTRATION=1, OPEN_ORGANIZATIONS=1 (everybody may make a user, an organization),
RUN_ALGORITHMS=1 (runs algorithms on this machine, in containers, and as plain commands of this user where
they name no image: staff register them, and members with Can Execute fill in their parameters),
RUN_ALGORITHMS=containers (in containers only),
CONTAINER_ENGINE (podman, docker, a path or none; default: the first that answers),
CONTAINER_NETWORK (network of containers, default host), CONTAINER_OPTIONS (more options for each),
EXTENSIONS=none, or a list such as change-feed,list-parts (what is offered beyond Tator's API; default: all),
GOOGLE_STORAGE_ENDPOINT=https://... (where buckets of the kind GCP are; default Google's public address)
LARGEST_UPLOAD_GB (of one file; default 5000)
ARCHIVE_AGE_DAYS (for how long media wait before they are archived; default 7)
FETCH_PRIVATE_URLS=1 (lets clients name files on this machine and its network as sources)
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8787' },
      host: { type: 'string', default: '127.0.0.1' },
      data: { type: 'string', default: join(homedir(), '.local', 'share', 'tidemark-hub') },
      sample: { type: 'boolean', default: false },
      'credentials-file': { type: 'string' },
      'public-url': { type: 'string' },
      'parent-watch': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new StartFailure('--port must be 0 to 65535.');
  return { ...values, port, data: resolve(values.data) };
}

function readSmtp({ SMTP_URL: url, MAIL_FROM: from }: NodeJS.ProcessEnv): HubOptions['smtp'] {
  if (!url) return undefined;
  if (!from) throw new StartFailure('SMTP_URL needs MAIL_FROM, the address that mails come from.');
  return { url, from };
}

function readRuns({ RUN_ALGORITHMS: runs }: NodeJS.ProcessEnv): HubOptions['runs'] {
  if (!runs || runs === '0') return 'nothing';
  if (runs === '1') return 'everything';
  if (runs === 'containers') return 'containers';
  throw new StartFailure('RUN_ALGORITHMS is 1 or containers.');
}

function readContainers(env: NodeJS.ProcessEnv): HubOptions['containers'] {
  return {
    engine: env['CONTAINER_ENGINE'] || undefined,
    network: env['CONTAINER_NETWORK'] || 'host',
    options: (env['CONTAINER_OPTIONS'] ?? '').split(/\s+/).filter((word) => word !== ''),
  };
}

function readGoogleEndpoint({ GOOGLE_STORAGE_ENDPOINT: endpoint }: NodeJS.ProcessEnv): string | undefined {
  if (!endpoint) return undefined;
  if (!URL.canParse(endpoint)) throw new StartFailure('GOOGLE_STORAGE_ENDPOINT must be a URL.');
  return endpoint;
}

function readLargestUpload({ LARGEST_UPLOAD_GB: text }: NodeJS.ProcessEnv): number | undefined {
  if (!text) return undefined;
  const bytes = Math.floor(Number(text) * 1e9);
  if (!(bytes > 0)) throw new StartFailure('LARGEST_UPLOAD_GB must be a number above 0.');
  return bytes;
}

function readArchiveAge({ ARCHIVE_AGE_DAYS: text }: NodeJS.ProcessEnv): number | undefined {
  if (!text) return undefined;
  if (!(Number(text) >= 0)) throw new StartFailure('ARCHIVE_AGE_DAYS must be a number of days.');
  return Number(text);
}

function readS3(env: NodeJS.ProcessEnv): HubOptions['s3'] {
  const { S3_BUCKET: bucket, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!bucket) return undefined;
  if (!accessKeyId || !secretAccessKey)
    throw new StartFailure('S3_BUCKET needs S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.');
  const region = env['S3_REGION'] || 'us-east-1';
  const endpoint = env['S3_ENDPOINT'] || `https://s3.${region}.amazonaws.com`;
  if (!URL.canParse(endpoint)) throw new StartFailure('S3_ENDPOINT must be a URL.');
  const externalHost = env['S3_EXTERNAL_HOST'] || undefined;
  return { bucket, accessKeyId, secretAccessKey, region, endpoint, externalHost };
}

function log(line: string): void {
  process.stderr.write(`tidemark-hub: ${line}\n`);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const starting = startHub({
    data: options.data,
    host: options.host,
    port: options.port,
    databaseUrl: process.env['DATABASE_URL'] || undefined,
    s3: readS3(process.env),
    publicUrl: options['public-url'],
    ffmpegPath: process.env['FFMPEG_PATH'] || undefined,
    runs: readRuns(process.env),
    containers: readContainers(process.env),
    fetchPrivateUrls: process.env['FETCH_PRIVATE_URLS'] === '1',
    googleEndpoint: readGoogleEndpoint(process.env),
    extensions: readExtensions(process.env['EXTENSIONS']),
    archiveAgeDays: readArchiveAge(process.env),
    largestUpload: readLargestUpload(process.env),
    smtp: readSmtp(process.env),
    openRegistration: process.env['OPEN_REGISTRATION'] === '1',
    openOrganizations: process.env['OPEN_ORGANIZATIONS'] === '1',
    sample: options.sample,
    // A program that started the hub has the file, and keeps what it hears: no secrets in logs.
    showPasswords: options['credentials-file'] === undefined,
    log,
  });
  stopOnRequest(starting, { parentWatch: options['parent-watch'] });
  const hub = await starting;
  const credentialsFile = options['credentials-file'];
  if (credentialsFile !== undefined) await writeCredentials(credentialsFile, hub);
  log(`listening on ${hub.url}, data in ${options.data}`);
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: hub.url, pid: process.pid })}\n`);
}

async function writeCredentials(path: string, { url, admin }: RunningHub): Promise<void> {
  const { username, password } = admin;
  await writeFile(path, JSON.stringify({ url, username, password }), { mode: 0o600 });
}

/** A signal or the parent's end stops the hub in order; a second signal ends it at once. */
function stopOnRequest(starting: Promise<RunningHub>, { parentWatch }: { parentWatch: boolean }): void {
  let asked = false;
  const stop = (why: string): void => {
    if (asked) process.exit(1);
    asked = true;
    log(`stopping (${why})`);
    starting
      .then((hub) => hub.stop())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  if (process.channel) process.on('disconnect', () => stop('the parent process ended'));
  if (parentWatch && !process.channel) {
    process.stdin.on('end', () => stop('the parent process ended'));
    process.stdin.on('error', () => stop('the parent process ended'));
    process.stdin.resume();
  }
}

main().catch((error: unknown) => {
  log(error instanceof StartFailure ? error.message : String(error instanceof Error ? error.stack : error));
  process.exit(1);
});

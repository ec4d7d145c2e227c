import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../base/clock.ts';
import { buildApp } from './build-app.ts';
import { openDatabase } from './db/database.ts';
import { lockForOneHub } from './db/hub-lock.ts';
import { alreadyAlone, openKeyLocks } from './db/key-locks.ts';
import { oneAtATime } from './db/one-at-a-time.ts';
import type { HubDeps, LocalRuns } from './deps.ts';
import { settleFeed } from './feed/change-feed.ts';
import { startFailure } from './errors.ts';
import { importImage } from './files/import-image.ts';
import { makeMediaFiles } from './files/make-media-files.ts';
import { Archive } from './files/archive.ts';
import { cleanTemporaryFiles } from './files/temporary-files.ts';
import { ensureUsers, type FirstUsers } from './first-users.ts';
import { ClusterJobs } from './jobs/cluster/cluster-jobs.ts';
import { ContainerEngines, type ContainerSettings } from './jobs/containers/engine.ts';
import { algorithmKind, imageImportKind, transcodeKind } from './jobs/kinds.ts';
import { mediaWorker } from './jobs/media-worker.ts';
import { algorithmWorker } from './jobs/algorithm-worker.ts';
import { JobQueue } from './jobs/queue.ts';
import { sweepLeftovers } from './jobs/sweep-leftovers.ts';
import { smtpMailer, type SmtpSettings } from './mail/mailer.ts';
import { extensions, type Extension } from './extensions.ts';
import { BucketStores } from './objects/bucket-stores.ts';
import { FileStore } from './objects/file-store.ts';
import { LocalCopies } from './objects/local-copies.ts';
import { StoreOfPlaces } from './objects/placed-store.ts';
import { S3Store, type S3Settings } from './objects/s3-store.ts';
import { UploadCap } from './objects/upload-cap.ts';
import { UrlSigner } from './objects/signing.ts';
import { secretInFile, sharedSecret } from './objects/signing-secret.ts';
import { ToolFinder } from './media-tools.ts';
import { RemoteFiles } from './remote/remote-files.ts';
import { startCluster } from './postgres/cluster.ts';
import { ensureSample } from './sample/sample-project.ts';

export interface HubOptions {
  /** Folder of everything that the hub keeps; made when missing. */
  data: string;
  host: string;
  /** 0: any free port. */
  port: number;
  /** An external PostgreSQL, 15 or later; absent: one of its own in the data folder. */
  databaseUrl?: string | undefined;
  /** A bucket for all files; absent: a folder in the data folder. */
  s3?: S3Settings | undefined;
  /** Makes the sample project, once. */
  sample: boolean;
  /** Whether a first start says the new passwords in its log. */
  showPasswords: boolean;
  /** Base of the URLs given to clients; absent: the host that the client itself wrote. */
  publicUrl?: string | undefined;
  /** The ffmpeg program; absent: found on the machine. */
  ffmpegPath?: string | undefined;
  /** What of algorithms without a cluster is run on this machine; absent: nothing. */
  runs?: LocalRuns | undefined;
  containers: ContainerSettings;
  /** Lets clients name files on this machine and its network as sources. */
  fetchPrivateUrls?: boolean | undefined;
  /** Where Google's storage is, for networks that reach it by a name of their own. */
  googleEndpoint?: string | undefined;
  /** What is offered beyond the contract; all of it where nothing is said. */
  extensions?: ReadonlySet<Extension> | undefined;
  /** Bytes that one uploaded file may have; absent: what the stores take. */
  largestUpload?: number | undefined;
  /** Days after which media in `to_archive` are archived; absent: 7. */
  archiveAgeDays?: number | undefined;
  /** Absent: the hub sends no mail. */
  smtp?: SmtpSettings | undefined;
  /** Lets everybody register a user; else the invited and staff only. */
  openRegistration?: boolean | undefined;
  /** Lets every user make an organization; else staff only. */
  openOrganizations?: boolean | undefined;
  /** For people, one line at a time. */
  log: (line: string) => void;
}

export interface RunningHub {
  url: string;
  /** The administrator; `password` is known while its file is in the data folder. */
  admin: { username: string; password: string | undefined };
  users: FirstUsers;
  /** Ends requests, jobs, then the database. Idempotent. */
  stop(): Promise<void>;
}

/** Room for copies of distant files that the media tools work on, bytes. */
const COPIES_LIMIT = 20 * 1024 ** 3;

const ARCHIVE_AGE_DAYS = 7;

/** Largest single PUT, bytes: what S3 allows for a part. */
const LARGEST_PUT = 5 * 1024 ** 3;
/** Largest file where the operator names none, bytes: what S3 takes. */
const LARGEST_OBJECT = 5 * 1024 ** 4;

/**
 * Composition root of a hub: database, objects, queue, server, in this order; stops in the reverse one.
 * @throws StartFailure with a message for the user.
 */
export async function startHub(options: HubOptions): Promise<RunningHub> {
  const { data, log } = options;
  await mkdir(data, { recursive: true, mode: 0o700 });
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const alone = options.databaseUrl === undefined;
    const url = options.databaseUrl ?? (await ownDatabase(data, stops, log));
    const report = (error: unknown, where: string): void => log(`error in ${where}: ${describe(error)}`);
    const onIdleError = (error: Error): void => report(error, 'database connection');
    const database = await openDatabase(url, onIdleError);
    stops.push(database.close);
    const locks = alone ? undefined : openKeyLocks(url, onIdleError);
    if (locks) stops.push(locks.close);
    const exclusively = locks?.exclusively ?? alreadyAlone;
    const { archive, ...deps } = await makeDeps(options, { ...database, exclusively, report }, stops);
    deps.queue.work(transcodeKind, mediaWorker(deps, makeMediaFiles));
    deps.queue.work(imageImportKind, mediaWorker(deps, importImage));
    const users = await oneAtATime(database.db, async () => {
      await settleFeed(database.db);
      return firstStart(deps, options);
    });
    deps.algorithmQueue.work(algorithmKind, algorithmWorker(deps));
    await deps.queue.start({ alone });
    stops.push(() => deps.queue.stop());
    await deps.algorithmQueue.start({ alone });
    if (deps.settings.runs !== 'nothing')
      sweepLeftovers(deps).catch((error: unknown) => report(error, 'leftovers of jobs'));
    stops.push(
      () => deps.algorithmQueue.stop(),
      deps.clusters.start(),
      cleanTemporaryFiles(deps, report),
      archive.start(),
    );
    const app = buildApp(deps);
    stops.push(() => app.close());
    await app.listen({ host: options.host, port: options.port });
    const { port } = app.server.address() as AddressInfo;
    const shown = options.host.includes(':') ? `[${options.host}]` : options.host;
    return { url: `http://${shown}:${port}`, admin: users.admin, users, stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** Makes what a new database lacks. */
async function firstStart(
  deps: HubDeps,
  { data, log, sample, showPasswords }: HubOptions,
): Promise<FirstUsers> {
  const users = await ensureUsers(deps.db, { data, log, sample, showPasswords });
  if (sample) await ensureSample(deps, users);
  return users;
}

async function ownDatabase(
  data: string,
  stops: (() => Promise<void>)[],
  log: (line: string) => void,
): Promise<string> {
  const cluster = await startCluster(data);
  if (cluster.adopted) log('found the database of an earlier hub still running, and took it over');
  const unlock = await lockForOneHub(cluster.url);
  stops.push(cluster.stop, unlock);
  return cluster.url;
}

async function makeDeps(
  options: HubOptions,
  { db, together, exclusively, report }: Pick<HubDeps, 'db' | 'together' | 'exclusively' | 'report'>,
  stops: (() => Promise<void>)[],
): Promise<HubDeps & { archive: Archive }> {
  const clock = systemClock();
  const workFolder = join(options.data, 'work');
  await mkdir(workFolder, { recursive: true, mode: 0o700 });
  const alone = options.databaseUrl === undefined;
  const remote = new RemoteFiles({ allowPrivate: options.fetchPrivateUrls ?? false });
  const { objects, close } = await openObjects(options, { db, remote, workFolder });
  stops.push(close);
  const mailer = options.smtp === undefined ? undefined : smtpMailer(options.smtp);
  const secretFile = join(options.data, 'signing-secret');
  const ageDays = options.archiveAgeDays ?? ARCHIVE_AGE_DAYS;
  const archive = new Archive({ db, objects, clock, exclusively, report }, { ageDays });
  return {
    archive,
    wakeArchive: () => archive.wake(),
    db,
    exclusively,
    together,
    objects,
    uploadCap: new UploadCap(objects, options.largestUpload ?? LARGEST_OBJECT),
    signer: new UrlSigner(await (alone ? secretInFile(secretFile) : sharedSecret(db, secretFile))),
    containers: new ContainerEngines(options.containers, clock),
    tools: new ToolFinder(options.ffmpegPath),
    workFolder,
    remote,
    mailer,
    clusters: new ClusterJobs({ db, remote, clock, mailer, objects, report }),
    queue: new JobQueue({ db, clock, holder: randomUUID(), report }),
    algorithmQueue: new JobQueue({ db, clock, holder: randomUUID(), report }),
    clock,
    makeId: randomUUID,
    settings: {
      ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
      anybodyMakesOrganizations: options.openOrganizations ?? false,
      anybodyRegisters: options.openRegistration ?? false,
      extensions: options.extensions ?? new Set(extensions),
      runs: options.runs ?? 'nothing',
    },
    report,
  };
}

/** The hub's own store, a folder or a bucket, and beside it the buckets of organizations. */
async function openObjects(
  { data, databaseUrl, s3, googleEndpoint }: HubOptions,
  { db, remote, workFolder }: Pick<HubDeps, 'db' | 'remote' | 'workFolder'>,
): Promise<{ objects: StoreOfPlaces; close: () => Promise<void> }> {
  const alone = databaseUrl === undefined;
  const allCopies = join(workFolder, 'copies');
  if (alone) await rm(allCopies, { recursive: true, force: true });
  const copies = join(allCopies, randomUUID());
  const shared = {
    folder: join(workFolder, 'sending'),
    largest: LARGEST_PUT,
    copies: new LocalCopies(copies, COPIES_LIMIT),
  };
  const buckets = new BucketStores({ ...shared, remote, googleEndpoint });
  const bucket = s3 && new S3Store(s3, shared);
  await bucket?.check().catch((error: unknown) => {
    throw startFailure(
      `The bucket "${s3?.bucket}" at ${s3?.endpoint} does not answer (${causeOf(error)}): check S3_ENDPOINT, S3_BUCKET and the keys.`,
    );
  });
  const own = bucket ?? (await FileStore.open(join(data, 'objects'), { largest: LARGEST_PUT, alone }));
  const close = async (): Promise<void> => {
    buckets.close();
    bucket?.close();
    await rm(copies, { recursive: true, force: true });
  };
  return { objects: new StoreOfPlaces({ db, own, open: (row) => buckets.of(row) }), close };
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

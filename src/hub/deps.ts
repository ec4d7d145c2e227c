import type { Extension } from './extensions.ts';
import type { Clock } from '../base/clock.ts';
import type { MakeId } from '../base/random.ts';
import type { Db, Together } from './db/database.ts';
import type { Exclusively } from './db/key-locks.ts';
import type { ClusterJobs } from './jobs/cluster/cluster-jobs.ts';
import type { ContainerEngines } from './jobs/containers/engine.ts';
import type { JobQueue } from './jobs/queue.ts';
import type { Mailer } from './mail/mailer.ts';
import type { ToolFinder } from './media-tools.ts';
import type { PlacedStore } from './objects/object-store.ts';
import type { UrlSigner } from './objects/signing.ts';
import type { UploadCap } from './objects/upload-cap.ts';
import type { RemoteFiles } from './remote/remote-files.ts';

/** What the routes work with; made in the composition root. */
export interface HubDeps {
  db: Db;
  /** Keeps order among the hubs on this database. */
  exclusively: Exclusively;
  together: Together;
  objects: PlacedStore;
  /** How large uploads may be. */
  uploadCap: UploadCap;
  signer: UrlSigner;
  /** Files of other servers, named by clients. */
  remote: RemoteFiles;
  /** Work on media. */
  queue: JobQueue;
  /** Runs of algorithms, which may be long: a queue of its own, so that media never wait for them. */
  algorithmQueue: JobQueue;
  /** Runs of algorithms on job clusters. */
  clusters: ClusterJobs;
  /** Podman or docker. */
  containers: ContainerEngines;
  /** Says that media are to be archived or brought back. */
  wakeArchive: () => void;
  /** The ffmpeg program. */
  tools: ToolFinder;
  /** Folder for files that are being made. */
  workFolder: string;
  /** Absent where no mail server is configured. */
  mailer?: Mailer | undefined;
  clock: Clock;
  makeId: MakeId;
  settings: HubSettings;
  /** Unexpected failures, for the log. */
  report: (error: unknown, where: string) => void;
}

/** `everything`: containers, and plain commands as the hub's own user. */
export type LocalRuns = 'nothing' | 'containers' | 'everything';

export interface HubSettings {
  /** Base of the URLs given to clients; absent: what the client itself wrote as host. */
  publicUrl?: string;
  /** Whether every user may make an organization, or staff only. */
  anybodyMakesOrganizations: boolean;
  /** Whether everybody may register a user, or the invited and staff only. */
  anybodyRegisters: boolean;
  /** What of algorithms without a cluster is run on this machine. */
  runs: LocalRuns;
  /** What is offered beyond the contract. */
  extensions: ReadonlySet<Extension>;
}

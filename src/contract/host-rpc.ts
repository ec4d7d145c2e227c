import Type, { type Static, type TSchema } from 'typebox';
import type { Fault } from './errors.ts';
import { FailedState, FaultSchema, HeldState } from './fault-schema.ts';
import { fetchEvents, fetchMethods } from './host-fetches.ts';

/**
 * Everything that a page (UI or engine) may ask of the host process, and everything that the host
 * tells the pages. This table is the whole of the inter-process surface: the caller's types, the
 * handler's types and the check of what arrives derive from it.
 */

export const Account = Type.Object({
  /** Stable on this device; names the account's database and recorder. */
  id: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }),
  /** Base address of the server, without a trailing slash. */
  host: Type.String(),
  username: Type.String(),
  userId: Type.Integer(),
  displayName: Type.String(),
  /** True for the hub that this program runs itself. */
  embedded: Type.Boolean(),
  signIn: Type.Enum(['signed-in', 'needed']),
});
export type Account = Static<typeof Account>;

export const HubState = Type.Union([
  Type.Object({ kind: Type.Literal('disabled') }),
  Type.Object({ kind: Type.Literal('stopped') }),
  Type.Object({ kind: Type.Literal('starting') }),
  Type.Object({ kind: Type.Literal('running'), url: Type.String() }),
  Type.Object({ kind: Type.Literal('failed'), fault: FaultSchema }),
]);
export type HubState = Static<typeof HubState>;

export const FfmpegState = Type.Union([
  Type.Object({ kind: Type.Literal('found'), path: Type.String(), version: Type.String() }),
  Type.Object({ kind: Type.Literal('missing'), howToGet: Type.String() }),
]);
export type FfmpegState = Static<typeof FfmpegState>;

export const AppInfo = Type.Object({
  version: Type.String(),
  mode: Type.Enum(['electron', 'browser']),
  dataFolder: Type.String(),
  ffmpeg: FfmpegState,
  hub: HubState,
  /** "Work offline" is switched on: no request leaves this device. */
  offlineByChoice: Type.Boolean(),
  accounts: Type.Array(Account),
  activeAccount: Type.Union([Type.String(), Type.Null()]),
});
export type AppInfo = Static<typeof AppInfo>;

/** Where a local file stands on its way to being annotatable. */
export const LocalMediaStage = Type.Union([
  /** Bytes arrive in the media cache. */
  Type.Object({ kind: Type.Literal('copying'), done: Type.Number(), total: Type.Number() }),
  /** All bytes are there; another media is being prepared first. */
  Type.Object({ kind: Type.Literal('queued') }),
  /** Container and frame times are read. */
  Type.Object({ kind: Type.Literal('probing') }),
  /** A playable copy is made; fraction 0..1. */
  Type.Object({ kind: Type.Literal('preparing'), fraction: Type.Number() }),
  Type.Object({ kind: Type.Literal('ready') }),
  FailedState,
]);
export type LocalMediaStage = Static<typeof LocalMediaStage>;

/** Row id of a section, its key where no server has it yet, or null for none. */
export const SectionPlace = Type.Union([
  Type.Integer(),
  Type.String({ minLength: 1, maxLength: 64 }),
  Type.Null(),
]);
export type SectionPlace = Static<typeof SectionPlace>;

/** A media file in the host's cache. */
export const LocalMedia = Type.Object({
  /** The media's elemental id, chosen at import. */
  key: Type.String(),
  account: Type.String(),
  projectId: Type.Integer(),
  sectionId: SectionPlace,
  name: Type.String(),
  /** Bytes of the source file. */
  size: Type.Number(),
  addedAt: Type.Number(),
  /** The server's row that this copy was fetched from; null or absent for a file of this device. */
  fetchedFrom: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  stage: LocalMediaStage,
  /** Null until probed. */
  probe: Type.Union([
    Type.Null(),
    Type.Object({
      kind: Type.Enum(['video', 'image']),
      /** Pixels, after rotation. */
      width: Type.Integer(),
      height: Type.Integer(),
      codec: Type.String(),
      /** Frames of the source; 1 for an image. */
      frameCount: Type.Integer(),
      /** Seconds; 0 for an image. */
      duration: Type.Number(),
      /** Nominal rate for display and for the server's fields; never used to find a frame. */
      fps: Type.Number(),
      hasAudio: Type.Boolean(),
      /** Digest of the source's frame table; null for an image. */
      frameTableDigest: Type.Union([Type.String(), Type.Null()]),
      /** The md5 field of Tator (a digest of head and size, not of the whole file). */
      md5: Type.String(),
    }),
  ]),
  hasThumbnail: Type.Boolean(),
  /** The local playable file is the source itself or a proxy made from it. */
  plays: Type.Enum(['nothing', 'source', 'proxy']),
});
export type LocalMedia = Static<typeof LocalMedia>;

export const UploadState = Type.Union([
  Type.Object({ kind: Type.Literal('waiting') }),
  Type.Object({ kind: Type.Literal('paused') }),
  Type.Object({ kind: Type.Literal('sending'), done: Type.Number(), total: Type.Number() }),
  Type.Object({ kind: Type.Literal('completing') }),
  /** The server converts it; fraction is null where the server does not tell. */
  Type.Object({ kind: Type.Literal('transcoding'), fraction: Type.Union([Type.Number(), Type.Null()]) }),
  Type.Object({ kind: Type.Literal('done') }),
  HeldState,
  FailedState,
]);
export type UploadState = Static<typeof UploadState>;

export const Upload = Type.Object({
  mediaKey: Type.String(),
  account: Type.String(),
  projectId: Type.Integer(),
  /** Server id of the media that the file belongs to. */
  mediaId: Type.Integer(),
  name: Type.String(),
  /** Bytes of the file. */
  size: Type.Number(),
  /** Lower ones are sent first. */
  order: Type.Number(),
  parts: Type.Object({ done: Type.Integer(), total: Type.Integer() }),
  /** Bytes a second, smoothed; null while idle. */
  speed: Type.Union([Type.Number(), Type.Null()]),
  state: UploadState,
});
export type Upload = Static<typeof Upload>;

/** What holds for all uploads of this device. */
export const UploadRules = Type.Object({
  /** Bytes a second of all uploads together; null for no limit. */
  limit: Type.Union([Type.Number({ minimum: 1024 }), Type.Null()]),
  /** Files wait; annotations are sent. For metered links. */
  annotationsOnly: Type.Boolean(),
});
export type UploadRules = Static<typeof UploadRules>;

/** One line of the flight recorder. The body is opaque to the host. */
export const RecorderEntry = Type.Object({
  /** Position in the account's log, from 1, without gaps. */
  seq: Type.Integer(),
  body: Type.String(),
});
export type RecorderEntry = Static<typeof RecorderEntry>;

const nothing = Type.Object({});
const byMediaKey = Type.Object({ mediaKey: Type.String() });
const ofAccount = { account: Type.String() };

interface Method<P extends TSchema = TSchema, R extends TSchema = TSchema> {
  params: P;
  result: R;
}

function method<P extends TSchema, R extends TSchema>(params: P, result: R): Method<P, R> {
  return { params, result };
}

export const hostMethods = {
  'app.info': method(nothing, AppInfo),

  'hub.start': method(nothing, HubState),
  'hub.stop': method(nothing, HubState),
  'network.setOffline': method(Type.Object({ offline: Type.Boolean() }), nothing),

  'accounts.signIn': method(
    Type.Object({ host: Type.String(), username: Type.String(), password: Type.String() }),
    Account,
  ),
  'accounts.signOut': method(Type.Object(ofAccount), nothing),
  'accounts.activate': method(Type.Object(ofAccount), nothing),

  /**
   * Runs one operation of the REST contract with the account's token. `args` is the flat object of
   * the client (path and query parameters, `body`). Fails with the catalogue's codes. A hub carries out a
   * POST with an `idempotencyKey` once, however often it comes; a stock Tator does not look at it.
   * With `known`, a list is told together with its `digest` and the `prints` of its rows
   * (`base/row-prints.ts`); is the digest the known one, `value` is null: the caller has what it says, and
   * nobody parses it.
   */
  'server.call': method(
    Type.Object({
      ...ofAccount,
      operation: Type.String(),
      args: Type.Record(Type.String(), Type.Unknown()),
      timeoutMs: Type.Optional(Type.Integer({ minimum: 1 })),
      idempotencyKey: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
      known: Type.Optional(Type.String({ maxLength: 64 })),
    }),
    Type.Object({
      value: Type.Unknown(),
      digest: Type.Optional(Type.String()),
      /** Numbers, by the thousand: looked at where they are used (`readUnlessOf`), not one by one here. */
      prints: Type.Optional(Type.Unknown()),
    }),
  ),

  /**
   * Reads one of a hub's own operations, below `/rest/TidemarkHub`; an empty path is the list of them.
   * `value` is null where the account's server has none of it, as every stock Tator.
   */
  'server.extension': method(
    Type.Object({
      ...ofAccount,
      path: Type.String(),
      query: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    }),
    Type.Object({ value: Type.Unknown() }),
  ),

  /** Appends and fsyncs; resolves when the lines are on disk. Returns the last seq. */
  'recorder.append': method(
    Type.Object({ ...ofAccount, bodies: Type.Array(Type.String()) }),
    Type.Object({ seq: Type.Integer() }),
  ),
  /** Entries after `after`, at most `limit`, in order. `last` is the newest seq of the log. */
  'recorder.read': method(
    Type.Object({ ...ofAccount, after: Type.Integer(), limit: Type.Integer({ minimum: 1, maximum: 5000 }) }),
    Type.Object({ entries: Type.Array(RecorderEntry), first: Type.Integer(), last: Type.Integer() }),
  ),
  /** Everything up to `through` is confirmed by a server or superseded; the host may drop it. */
  'recorder.release': method(Type.Object({ ...ofAccount, through: Type.Integer() }), nothing),

  /**
   * Announces a file that the page will send to `PUT /imports/<importId>?offset=N` (browser mode).
   * The same name, size and lastModified again resume at `offset`.
   */
  'imports.begin': method(
    Type.Object({
      ...ofAccount,
      projectId: Type.Integer(),
      sectionId: SectionPlace,
      name: Type.String({ minLength: 1, maxLength: 255 }),
      size: Type.Number({ minimum: 0 }),
      lastModified: Type.Number(),
    }),
    Type.Object({ importId: Type.String(), mediaKey: Type.String(), offset: Type.Number() }),
  ),
  /** The page gives up sending (the file vanished, the user cancelled). */
  'imports.abandon': method(Type.Object({ importId: Type.String(), reason: FaultSchema }), nothing),
  /** Takes a file or a folder of this machine by its path (Electron). */
  'imports.addPath': method(
    Type.Object({
      ...ofAccount,
      projectId: Type.Integer(),
      sectionId: SectionPlace,
      path: Type.String({ minLength: 1 }),
    }),
    Type.Object({ mediaKeys: Type.Array(Type.String()) }),
  ),

  'media.list': method(Type.Object(ofAccount), Type.Array(LocalMedia)),
  'media.retry': method(byMediaKey, nothing),
  /** Removes the cached files; refused while an upload still needs them. */
  'media.remove': method(byMediaKey, nothing),

  /** Uploads the cached source to the media that exists on the server; repeating it is harmless. */
  'uploads.enqueue': method(
    Type.Object({
      ...ofAccount,
      projectId: Type.Integer(),
      mediaKey: Type.String(),
      mediaId: Type.Integer(),
      /** MediaType id on the server. */
      typeId: Type.Integer(),
      sectionId: Type.Union([Type.Integer(), Type.Null()]),
    }),
    nothing,
  ),
  'uploads.list': method(Type.Object(ofAccount), Type.Array(Upload)),
  'uploads.pause': method(byMediaKey, nothing),
  'uploads.resume': method(byMediaKey, nothing),
  /** The upload that is being sent gives way between two parts. */
  'uploads.move': method(
    Type.Object({ mediaKey: Type.String(), place: Type.Enum(['first', 'up', 'down', 'last']) }),
    nothing,
  ),
  'uploads.rules': method(nothing, UploadRules),
  'uploads.setRules': method(UploadRules, nothing),

  ...fetchMethods,
} as const satisfies Record<string, Method>;

export type HostMethods = typeof hostMethods;
export type HostMethodName = keyof HostMethods;
export type HostParams<M extends HostMethodName> = Static<HostMethods[M]['params']>;
export type HostResult<M extends HostMethodName> = Static<HostMethods[M]['result']>;

/** What the host tells every connected page. */
export const hostEvents = {
  'hub.changed': HubState,
  'network.changed': Type.Object({ offlineByChoice: Type.Boolean() }),
  'accounts.changed': Type.Object({
    accounts: Type.Array(Account),
    activeAccount: Type.Union([Type.String(), Type.Null()]),
  }),
  'media.changed': LocalMedia,
  'media.removed': byMediaKey,
  'uploads.changed': Upload,
  'uploads.rulesChanged': UploadRules,
  ...fetchEvents,
} as const satisfies Record<string, TSchema>;

export type HostEvents = typeof hostEvents;
export type HostEventName = keyof HostEvents;
export type HostEventValue<E extends HostEventName> = Static<HostEvents[E]>;

/** The caller's view of the table: `host.call('app.info', {})`. Rejects with `TidemarkError`. */
export interface Host {
  call<M extends HostMethodName>(method: M, params: HostParams<M>): Promise<HostResult<M>>;
  on<E extends HostEventName>(event: E, listener: (value: HostEventValue<E>) => void): () => void;
  /** Whether the transport to the host is up; called at once with the present value. */
  onConnection(listener: (connected: boolean) => void): () => void;
}

/** The messages on the wire, one JSON value each, over a WebSocket or a message port. */
export type RpcMessage =
  | { kind: 'call'; id: number; method: string; params: unknown }
  | { kind: 'result'; id: number; value: unknown }
  | { kind: 'fault'; id: number; fault: Fault }
  | { kind: 'event'; event: string; value: unknown };

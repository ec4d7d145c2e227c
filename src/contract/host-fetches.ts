import Type, { type Static } from 'typebox';
import { FailedState, HeldState } from './fault-schema.ts';

/** The part of the host's RPC table that takes media of a server along, and keeps the disk from filling. */

/**
 * Where a media of a server stands on its way to this device.
 *
 *   waiting --> receiving --> checking --> done
 *      ^            '------------'--> held (retry, or an event) --> waiting
 *      '--- resume --- paused, failed
 */
export const FetchState = Type.Union([
  /** Another one is fetched first. */
  Type.Object({ kind: Type.Literal('waiting') }),
  Type.Object({ kind: Type.Literal('paused') }),
  Type.Object({ kind: Type.Literal('receiving') }),
  /** All bytes are here; they are read back and compared with what the server says of them. */
  Type.Object({ kind: Type.Literal('checking') }),
  HeldState,
  FailedState,
  Type.Object({ kind: Type.Literal('done') }),
]);
export type FetchState = Static<typeof FetchState>;

export const Fetch = Type.Object({
  mediaKey: Type.String(),
  account: Type.String(),
  projectId: Type.Integer(),
  /** The media's row on the server. */
  mediaId: Type.Integer(),
  name: Type.String(),
  /** Bytes of the server's file; 0 until it is known. */
  size: Type.Number(),
  /** Bytes of it that are here. */
  done: Type.Number(),
  /** Bytes a second, smoothed; null while idle. */
  speed: Type.Union([Type.Number(), Type.Null()]),
  addedAt: Type.Number(),
  /** Never removed to make room. */
  pinned: Type.Boolean(),
  /** When it was last played, else when it was asked for; local ms. */
  usedAt: Type.Number(),
  state: FetchState,
});
export type Fetch = Static<typeof Fetch>;

const Amount = Type.Object({ count: Type.Integer(), bytes: Type.Number() });

/** What the media on this device take of its disk. Own media are never removed to make room. */
export const CacheState = Type.Object({
  /** Fetched from a server, pinned ones included. */
  fetched: Amount,
  pinned: Amount,
  /** Added on this device. */
  own: Amount,
  /** Fetched media that may be removed to make room. */
  evictable: Amount,
  /** Bytes of the disk that a program may still use. */
  free: Type.Number(),
  /** Bytes of it that fetches leave, for edits. */
  reserve: Type.Number(),
  /** Bytes that fetched media may take together; null for no limit. */
  limit: Type.Union([Type.Number(), Type.Null()]),
});
export type CacheState = Static<typeof CacheState>;

/** Why a media was not removed from the device. */
export const KeptReason = Type.Enum(['only-copy', 'not-uploaded', 'not-here']);
export type KeptReason = Static<typeof KeptReason>;

const nothing = Type.Object({});
const keys = Type.Object({ mediaKeys: Type.Array(Type.String()) });
const limit = Type.Union([Type.Number({ minimum: 0 }), Type.Null()]);

export const fetchMethods = {
  /** Takes media along, one after the other. Refused as a whole (`disk-full`) where they do not fit. */
  'fetches.begin': {
    params: Type.Object({
      account: Type.String(),
      projectId: Type.Integer(),
      media: Type.Array(
        Type.Object({
          mediaId: Type.Integer(),
          mediaKey: Type.String(),
          name: Type.String(),
          /** What the server says of its size; null where it does not. */
          bytes: Type.Union([Type.Number(), Type.Null()]),
        }),
      ),
      /** Of several files of a media the tallest one up to this many pixels; null: the tallest of all. */
      height: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
      pinned: Type.Boolean(),
    }),
    result: nothing,
  },
  'fetches.list': { params: Type.Object({ account: Type.String() }), result: Type.Array(Fetch) },
  'fetches.pause': { params: keys, result: nothing },
  /** Goes on after a pause or a failure, where it stopped. */
  'fetches.resume': { params: keys, result: nothing },
  'fetches.pin': {
    params: Type.Object({ mediaKeys: Type.Array(Type.String()), pinned: Type.Boolean() }),
    result: nothing,
  },
  /**
   * Bytes a second from the account's server: as last measured, else by a short read of the media's file.
   * Null where neither is to be had.
   */
  'fetches.rate': {
    params: Type.Object({ account: Type.String(), mediaId: Type.Union([Type.Integer(), Type.Null()]) }),
    result: Type.Object({ rate: Type.Union([Type.Number(), Type.Null()]) }),
  },

  'cache.state': { params: nothing, result: CacheState },
  /** What would be removed now to keep fetched media within so many bytes, and what would still be too much. */
  'cache.forecast': {
    params: Type.Object({ limit }),
    result: Type.Object({ count: Type.Integer(), bytes: Type.Number(), over: Type.Number() }),
  },
  /** Holds from now on, and removes at once what is too much, longest unused first. */
  'cache.setLimit': { params: Type.Object({ limit }), result: CacheState },
  /** Removes what may be removed, longest unused first, until fetched media are within so many bytes. */
  'cache.evictTo': { params: Type.Object({ limit: Type.Number({ minimum: 0 }) }), result: Amount },
  /** Removes files of media that a server has; what only this device has stays, with the reason. */
  'cache.evict': {
    params: keys,
    result: Type.Object({
      removed: Type.Array(Type.String()),
      kept: Type.Array(Type.Object({ mediaKey: Type.String(), reason: KeptReason })),
    }),
  },
  /**
   * What the engine knows: `unsynced` has work that waits to be sent, and is not removed to make room;
   * of `onlyHere` the server has nothing any more, and it is not removed at all. Until the first call of a
   * run nothing of the account is removed to make room.
   */
  'cache.protect': {
    params: Type.Object({
      account: Type.String(),
      unsynced: Type.Array(Type.String()),
      onlyHere: Type.Array(Type.String()),
    }),
    result: nothing,
  },
} as const;

export const fetchEvents = {
  'fetches.changed': Fetch,
  /** Removed to make room, without being asked. */
  'cache.evicted': Type.Object({ names: Type.Array(Type.String()), bytes: Type.Number() }),
} as const;

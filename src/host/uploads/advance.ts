import { join } from 'node:path';
import { assert } from '../../base/assert.ts';
import { sleep, type Clock } from '../../base/clock.ts';
import type { MakeId } from '../../base/random.ts';
import { TidemarkError } from '../../contract/errors.ts';
import type { LocalMedia, UploadState } from '../../contract/host-rpc.ts';
import type { MediaLibrary } from '../media/library.ts';
import { mediaFolder, sourcePath, thumbnailName } from '../media/record.ts';
import { contentTypeOf } from '../server/file-response.ts';
import { checkIdentity, identityOf, md5OfRange, type FileIdentity } from './file-identity.ts';
import type { Journal, PartLog, UploadJob, UploadSession } from './journal.ts';
import { listParts, resignParts } from './hub-parts.ts';
import type { Pace } from './pace.ts';
import { judgeEtag, partBytesFor, partRange, planParts } from './parts.ts';
import { sendParts, type Link, type SendOptions } from './send-parts.ts';
import { sendToSession } from './send-session.ts';
import { openUrlBook, SessionLost } from './url-book.ts';
import {
  askForTranscode,
  beginSession,
  conversionOf,
  joinParts,
  longestLifetime,
  registerImage,
  storedSize,
  type UploadServer,
} from './server-steps.ts';
import type { Slot } from './slot.ts';
import { createSpeedometer } from '../speedometer.ts';
import { heldBack } from './upload-failure.ts';

export interface AdvanceContext {
  journal: Journal;
  slot: Slot;
  library: MediaLibrary;
  server: UploadServer;
  mediaRoot: string;
  /** Fixed sizes of parts, for tests; else they follow the link. */
  partBytes?: number;
  urlSeconds?: number;
  pace: Pace;
  link: Link;
  /** Whether the user wants only annotations to be sent for now. */
  annotationsOnly: () => boolean;
  makeId: MakeId;
  clock: Clock;
  signal: AbortSignal;
  job: () => UploadJob;
  rank: () => number;
  save: (change: Partial<UploadJob>) => Promise<void>;
  showSending: (view: {
    parts: { done: number; total: number };
    speed: number | null;
    state: UploadState;
  }) => void;
  showState: (state: UploadState) => void;
  showParts: (parts: { done: number; total: number }) => void;
}

/** New sessions that bring nothing are not begun for ever. */
const mostFruitless = 3;
/** An asked-for transcode that is not listed after this time, ms, never reached the server. */
const transcodePatience = 60_000;

/** Takes the upload from wherever its journal says it stands to its end. Throws what went wrong. */
export async function advance(context: AdvanceContext): Promise<void> {
  const { job, save, slot, signal, showState } = context;
  for (;;) {
    signal.throwIfAborted();
    const { step } = job();
    switch (step.kind) {
      case 'new':
      case 'sending':
        await slot.run(signal, context.rank, () => send(context));
        break;
      case 'completing':
        showState({ kind: 'completing' });
        await complete(context, step.session);
        break;
      case 'stored':
      case 'registering':
        await register(context, step.key);
        break;
      case 'done':
        await save({ failure: null });
        showState({ kind: 'done' });
        return;
    }
  }
}

async function send(context: AdvanceContext): Promise<void> {
  const { job, journal, save, signal, slot, rank } = context;
  if (context.annotationsOnly()) throw heldBack();
  const media = await readyMedia(context);
  const path = sourcePath(context.mediaRoot, context.library.get(media.key));
  const identity = await identify(context, path);
  const { session, isNew } = await openSession(context, identity);
  const parts = await journal.openParts(job().mediaKey, session.id);
  const arrivedBefore = parts.arrived.size;
  try {
    if (!isNew) await learnArrived(context, { path, identity, session, parts });
    const options: SendOptions = {
      ...{ path, identity, session, parts, signal },
      urls: urlBookOf(context, session, parts),
      ...{ link: context.link, pace: context.pace, server: context.server, clock: context.clock },
      onProgress: progressOf(context, { session, parts, size: identity.size }),
      yields: () => slot.isWanted(rank()),
    };
    const whole = session.kind === 'session' ? await sendToSession(options) : await sendParts(options);
    if (whole) await save({ step: { kind: 'completing', session: session.id } });
    else context.showState({ kind: 'waiting' });
  } catch (error) {
    if (!(error instanceof SessionLost)) throw error;
    const fruitless = parts.arrived.size > arrivedBefore ? 0 : job().fruitless + 1;
    await save({ step: { kind: 'new' }, fruitless });
    // The new session gets an attempt of its own, with its wait before.
    throw new TidemarkError(fruitless >= mostFruitless ? 'rejected' : 'server-busy', {
      detail: error.message,
      cause: error,
    });
  } finally {
    await parts.close();
  }
}

function progressOf(
  { clock, showParts, showSending }: AdvanceContext,
  { session, parts, size }: { session: UploadSession; parts: PartLog; size: number },
): (done: number) => void {
  const speed = createSpeedometer(clock);
  return (done) => {
    const counts = { done: parts.arrived.size, total: session.urls.length };
    showParts(counts);
    showSending({ parts: counts, speed: speed(done), state: { kind: 'sending', done, total: size } });
  };
}

function urlBookOf(
  { job, journal, server, clock, signal, urlSeconds }: AdvanceContext,
  session: UploadSession,
  parts: PartLog,
): SendOptions['urls'] {
  return openUrlBook({
    session,
    clock,
    missing: () => session.urls.map((_, i) => i + 1).filter((part) => !parts.arrived.has(part)),
    resign: (missing) =>
      resignParts(server, job(), session, {
        ...{ parts: missing, seconds: urlSeconds ?? longestLifetime, signal },
      }),
    save: (renewed) => journal.saveSession(job().mediaKey, renewed),
  });
}

/**
 * Parts that arrived in an earlier run whose answer was lost, or was not noted before a kill. Only a server
 * that lists its parts can tell, and each is believed only if it is, byte for byte, that of the file.
 */
async function learnArrived(
  { job, server, signal }: AdvanceContext,
  sending: { path: string; identity: FileIdentity; session: UploadSession; parts: PartLog },
): Promise<void> {
  const { path, identity, session, parts } = sending;
  const listed = (await listParts(server, job(), session, signal)) ?? [];
  const plan = { partBytes: session.partBytes, count: session.urls.length };
  for (const { number, etag, size } of listed) {
    if (parts.arrived.has(number) || number > plan.count) continue;
    signal.throwIfAborted();
    const { start, length } = partRange(plan, identity.size, number);
    if (size !== length) continue;
    const md5 = await md5OfRange(path, start, length);
    if (judgeEtag(etag, md5) === 'same') await parts.add(number, etag);
  }
}

/** The file must be whole on this device, and known, before it is sent. */
async function readyMedia({ job, library, clock, signal }: AdvanceContext): Promise<LocalMedia> {
  for (;;) {
    const record = library.find(job().mediaKey);
    if (record === undefined) throw new TidemarkError('file-gone', { detail: job().name });
    const { media, synced } = record;
    if (media.probe !== null && synced >= media.size) return media;
    if (media.stage.kind === 'failed') throw new TidemarkError(media.stage.fault.code, media.stage.fault);
    await sleep(clock, 250, signal);
  }
}

async function identify({ job, save }: AdvanceContext, path: string): Promise<FileIdentity> {
  const known = job().identity;
  if (known !== null) {
    await checkIdentity(path, known);
    return known;
  }
  const identity = await identityOf(path);
  if (identity.size === 0) throw new TidemarkError('file-empty', { detail: path });
  await save({ identity });
  return identity;
}

/** The session of an earlier run while its URLs live, or can be renewed; else a new one. */
async function openSession(
  context: AdvanceContext,
  identity: FileIdentity,
): Promise<{ session: UploadSession; isNew: boolean }> {
  const { job, journal, save, server, clock, makeId, link, signal } = context;
  const { step, mediaKey, name } = job();
  if (step.kind === 'sending') {
    const session = await journal.session(mediaKey, step.session);
    // Run-out URLs are the URL book's affair: it renews them, or gives the session up.
    if (session !== null) return { session, isNew: false };
  }
  const plan = planParts(identity.size, context.partBytes ?? partBytesFor(link.laneSpeed));
  const session = await beginSession(server, job(), {
    ...{ filename: name, parts: plan.count, partBytes: plan.partBytes },
    ...{ id: makeId(), now: clock.now(), seconds: context.urlSeconds ?? longestLifetime, signal },
  });
  await journal.saveSession(mediaKey, session);
  await save({ step: { kind: 'sending', session: session.id } });
  return { session, isNew: true };
}

/**
 * Joins the parts. Whether an earlier try was carried out is seen from the object itself, so a lost answer
 * is never a reason to join twice.
 */
async function complete(context: AdvanceContext, sessionId: string): Promise<void> {
  const { job, journal, save, server, signal } = context;
  const session = await journal.session(job().mediaKey, sessionId);
  const size = job().identity?.size;
  if (session === null || size === undefined) {
    await save({ step: { kind: 'new' } });
    return;
  }
  const isWhole = async (): Promise<boolean> =>
    (await storedSize(server, job(), session.key, signal)) === size;
  const stored = { step: { kind: 'stored' as const, key: session.key }, fruitless: 0 };
  if (await isWhole()) {
    await save(stored);
    return;
  }
  if (session.urls.length > 1) {
    const parts = await journal.openParts(job().mediaKey, session.id);
    try {
      assert(parts.arrived.size === session.urls.length, 'all parts arrived before joining');
      await joinParts(server, job(), { session, parts: parts.arrived, signal });
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.code !== 'rejected') throw error;
      // The store forgot the upload, or never had one of the parts: looked at below.
    } finally {
      await parts.close();
    }
    if (await isWhole()) {
      await save(stored);
      return;
    }
  }
  const fruitless = job().fruitless + 1;
  await save({ step: { kind: 'new' }, fruitless });
  const code = fruitless >= mostFruitless ? 'rejected' : 'server-busy';
  throw new TidemarkError(code, { detail: 'the stored object is not the file' });
}

async function register(context: AdvanceContext, key: string): Promise<void> {
  const { job, library, save, server, signal, clock } = context;
  const record = library.find(job().mediaKey);
  const probe = record?.media.probe;
  if (record === undefined || probe === null || probe === undefined) {
    throw new TidemarkError('file-gone', { detail: job().name });
  }
  const size = job().identity?.size ?? record.media.size;
  if (probe.kind === 'image') {
    context.showState({ kind: 'transcoding', fraction: null });
    await save({ step: { kind: 'registering', key, askedAt: clock.now() } });
    const thumbnail = record.media.hasThumbnail
      ? join(mediaFolder(context.mediaRoot, record.media.key), thumbnailName)
      : null;
    const mime = contentTypeOf(record.media.name);
    await registerImage(server, job(), { key, size, mime, media: record.media, thumbnail, signal });
    await save({ step: { kind: 'done' } });
    return;
  }
  await convert(context, { key, size, md5: probe.md5 });
}

/** Has the server convert the video, once, and watches until its streaming files are there. */
async function convert(
  context: AdvanceContext,
  file: { key: string; size: number; md5: string },
): Promise<void> {
  const { job, save, server, signal, clock } = context;
  for (let polls = 0; ; polls++) {
    const conversion = await conversionOf(server, job(), signal);
    const { step } = job();
    switch (conversion.kind) {
      case 'done':
        await save({ step: { kind: 'done' } });
        return;
      case 'failed': {
        const asked = step.kind === 'registering';
        if (asked) throw new TidemarkError('transcode-failed', { detail: conversion.status });
        await ask();
        break;
      }
      case 'none':
        if (step.kind !== 'registering' || clock.now() - step.askedAt > transcodePatience) await ask();
        break;
      case 'running':
        context.showState({ kind: 'transcoding', fraction: conversion.fraction });
    }
    // A short clip is done in seconds, a long one is not asked about all the time.
    await sleep(clock, Math.min(10_000, 500 + polls * 100), signal);
  }

  async function ask(): Promise<void> {
    context.showState({ kind: 'transcoding', fraction: null });
    await save({ step: { kind: 'registering', key: file.key, askedAt: clock.now() } });
    await askForTranscode(server, job(), { ...file, signal });
  }
}

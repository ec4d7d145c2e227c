import { frameCount, frameStartingNear, intervalOf, type FrameTable } from '../../domain/frame-time.ts';
import { clamp } from '../../domain/geometry.ts';

/**
 * Which frame is on the screen, decided from presented pictures alone. A time that was asked for proves
 * nothing: only the media time of a presented picture, looked up in the frame table, confirms a frame.
 *
 *   empty --seek--> seeking --target's picture presented--> confirmed
 *                    |   ^ \--newer target meanwhile: it follows when this one is settled (the latest wins)
 *                    |   +--other picture, or none in time: aim elsewhere, at most `aims.length` times
 *                    +--still none--> lost (the picture shown is named; drawing stays off)
 *   confirmed --play--> playing --pause, end--> seeking (the last presented frame) --> confirmed
 */
export type SeekState =
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'seeking';
      readonly target: number;
      /** Index into `aims`. */
      readonly attempt: number;
      /** The target's neighbour is shown first, so that the target's picture must be presented anew. */
      readonly detour: boolean;
      /** How often patience ran out while the element was still busy with this attempt. */
      readonly waits: number;
      readonly shown: number;
      readonly next: number | null;
    }
  | { readonly kind: 'confirmed'; readonly frame: number }
  | { readonly kind: 'playing'; readonly frame: number }
  | { readonly kind: 'lost'; readonly target: number; readonly shown: number };

export type SeekEvent =
  | { readonly kind: 'seek'; readonly frame: number }
  | { readonly kind: 'play' }
  | { readonly kind: 'pause' }
  /** A picture reached the screen. `busy`: the element is still seeking, so a better one may follow. */
  | { readonly kind: 'presented'; readonly mediaTime: number; readonly busy: boolean }
  /** The patience of the last command ran out. */
  | { readonly kind: 'overdue'; readonly busy: boolean }
  | { readonly kind: 'ended' };

export type SeekCommand =
  /** Set the element's time, seconds; report `overdue` after `patience` ms unless told otherwise. */
  | { readonly kind: 'aim'; readonly seconds: number; readonly patience: number }
  | { readonly kind: 'wait'; readonly patience: number }
  | { readonly kind: 'play' }
  | { readonly kind: 'pause' };

export type SeekStep = { readonly state: SeekState; readonly commands: readonly SeekCommand[] };

type Seeking = Extract<SeekState, { kind: 'seeking' }>;

/** Where in the frame's interval each attempt aims, and how long it waits for the picture, ms. */
const aims = [
  { at: 0.5, detour: false, patience: 500 },
  { at: 0.5, detour: true, patience: 1000 },
  { at: 0.3, detour: false, patience: 1500 },
  { at: 0.7, detour: true, patience: 3000 },
] as const;

/** After a wrong picture the right one may follow at once, ms. */
const grace = 150;
/** A busy element is left to decode this many times before it is asked again. */
const mostWaits = 8;

/** The next state and what to do to the element. Pure. */
export function stepSeek(table: FrameTable, state: SeekState, event: SeekEvent): SeekStep {
  switch (event.kind) {
    case 'seek':
      return onSeek(table, state, event.frame);
    case 'play':
      return onPlay(table, state);
    case 'pause':
      return state.kind === 'playing' ? halt(table, state.frame, state.frame) : stay(state);
    case 'ended':
      return state.kind === 'playing' ? halt(table, frameCount(table) - 1, state.frame) : stay(state);
    case 'presented':
      return onPresented(table, state, event);
    case 'overdue':
      return state.kind === 'seeking' ? onOverdue(table, state, event.busy) : stay(state);
  }
}

/** The frame that is shown as far as is known; -1 before the first picture. */
export function shownFrame(state: SeekState): number {
  switch (state.kind) {
    case 'empty':
      return -1;
    case 'seeking':
    case 'lost':
      return state.shown;
    default:
      return state.frame;
  }
}

/** Where the user is going: the last frame asked for, else the one shown. Steps count from here. */
export function wantedFrame(state: SeekState): number {
  if (state.kind === 'seeking') return state.next ?? state.target;
  return state.kind === 'lost' ? state.target : shownFrame(state);
}

function onSeek(table: FrameTable, state: SeekState, frame: number): SeekStep {
  const target = clamp(Math.round(frame), 0, frameCount(table) - 1);
  if (state.kind === 'confirmed' && state.frame === target) return stay(state);
  if (state.kind === 'playing') return halt(table, target, state.frame);
  if (state.kind !== 'seeking') return aim(table, { target, attempt: 0, shown: shownFrame(state) });
  return stay({ ...state, next: state.target === target ? null : target });
}

function onPlay(table: FrameTable, state: SeekState): SeekStep {
  if (state.kind === 'empty' || state.kind === 'playing') return stay(state);
  const from = wantedFrame(state);
  const atEnd = from >= frameCount(table) - 1;
  const start = atEnd ? 0 : from;
  const inPlace = state.kind === 'confirmed' && !atEnd;
  const jump: SeekCommand = { kind: 'aim', seconds: timeIn(table, start, 0.5), patience: Infinity };
  return {
    state: { kind: 'playing', frame: shownFrame(state) },
    commands: inPlace ? [{ kind: 'play' }] : [jump, { kind: 'play' }],
  };
}

function onPresented(
  table: FrameTable,
  state: SeekState,
  { mediaTime, busy }: { readonly mediaTime: number; readonly busy: boolean },
): SeekStep {
  const frame = frameStartingNear(table, mediaTime);
  switch (state.kind) {
    case 'empty':
      return stay(state);
    case 'playing':
      return frame >= frameCount(table) - 1 ? halt(table, frame, frame) : stay({ kind: 'playing', frame });
    case 'confirmed':
      // The picture changed without being asked to: bring the confirmed one back.
      return samePicture(table, frame, state.frame)
        ? stay(state)
        : aim(table, { target: state.frame, attempt: 0, shown: frame });
    case 'lost':
      return samePicture(table, frame, state.target)
        ? stay({ kind: 'confirmed', frame: state.target })
        : stay({ ...state, shown: frame });
    case 'seeking':
      return onPresentedWhileSeeking(table, { ...state, shown: frame }, busy);
  }
}

function onPresentedWhileSeeking(table: FrameTable, state: Seeking, busy: boolean): SeekStep {
  if (state.detour) {
    const neighbour = neighbourOf(table, state.target);
    if (!samePicture(table, state.shown, neighbour)) return stay(state);
    const seconds = timeIn(table, state.target, aimOf(state.attempt).at);
    const { patience } = aimOf(state.attempt);
    return { state: { ...state, detour: false }, commands: [{ kind: 'aim', seconds, patience }] };
  }
  if (samePicture(table, state.shown, state.target)) {
    if (state.next === null) return stay({ kind: 'confirmed', frame: state.target });
    return aim(table, { target: state.next, attempt: 0, shown: state.shown });
  }
  return busy ? stay(state) : { state, commands: [{ kind: 'wait', patience: grace }] };
}

function onOverdue(table: FrameTable, state: Seeking, busy: boolean): SeekStep {
  if (busy && state.waits < mostWaits) {
    const wait: SeekCommand = { kind: 'wait', patience: aimOf(state.attempt).patience };
    return { state: { ...state, waits: state.waits + 1 }, commands: [wait] };
  }
  if (state.next !== null) return aim(table, { target: state.next, attempt: 0, shown: state.shown });
  const attempt = state.attempt + 1;
  if (attempt < aims.length) return aim(table, { target: state.target, attempt, shown: state.shown });
  return stay({ kind: 'lost', target: state.target, shown: state.shown });
}

/** Ends playback and settles on `target`. */
function halt(table: FrameTable, target: number, shown: number): SeekStep {
  const { state, commands } = aim(table, { target, attempt: 0, shown });
  return { state, commands: [{ kind: 'pause' }, ...commands] };
}

function aim(
  table: FrameTable,
  { target, attempt, shown }: { readonly target: number; readonly attempt: number; readonly shown: number },
): SeekStep {
  const { at, patience, detour } = aimOf(attempt);
  const around = detour && frameCount(table) > 1;
  const seconds = around ? timeIn(table, neighbourOf(table, target), 0.5) : timeIn(table, target, at);
  return {
    state: { kind: 'seeking', target, attempt, detour: around, waits: 0, shown, next: null },
    commands: [{ kind: 'aim', seconds, patience }],
  };
}

function aimOf(attempt: number): (typeof aims)[number] {
  return aims[attempt] ?? aims[0];
}

function neighbourOf(table: FrameTable, frame: number): number {
  return frame > 0 ? frame - 1 : Math.min(1, frameCount(table) - 1);
}

function timeIn(table: FrameTable, frame: number, at: number): number {
  const { start, end } = intervalOf(table, frame);
  return start + (end - start) * at;
}

/** Two frames that a file gives the same time cannot be told apart by it. */
function samePicture(table: FrameTable, a: number, b: number): boolean {
  return a === b || (a >= 0 && b >= 0 && intervalOf(table, a).start === intervalOf(table, b).start);
}

function stay(state: SeekState): SeekStep {
  return { state, commands: [] };
}

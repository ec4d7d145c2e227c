import { bytesText } from '../../../base/bytes-text.ts';
import type { Fetch } from '../../../contract/host-fetches.ts';
import { packsStrings } from '../../strings/packs.en.ts';
import { durationText } from './pack-plan.ts';

export interface FetchView {
  mediaKey: string;
  name: string;
  tone: 'quiet' | 'busy' | 'ok' | 'warn' | 'danger';
  text: string;
  /** Sizes and the pace. */
  numbers: string;
  /** 0..1; null: not known; absent where there is nothing to measure. */
  fraction?: number | null;
  action: 'pause' | 'resume' | null;
  isDone: boolean;
  pinned: boolean;
  /** What is still there and what to do; only of a stopped one. */
  failure: { kept: string; remedy: string } | null;
}

/** The whole list: what is underway first, in its order; then what is here, last used first. */
export interface FetchesView {
  rows: FetchView[];
  /** `3 media, 4.2 GB to fetch · done in about 12 min`. */
  summary: string;
  underway: number;
  /** What one press pauses, or else resumes. */
  pausable: string[];
  resumable: string[];
}

export function fetchesView(fetches: readonly Fetch[], now: number): FetchesView {
  const t = packsStrings.panel;
  const open = fetches.filter(({ state }) => state.kind !== 'done').sort((a, b) => a.addedAt - b.addedAt);
  const done = fetches.filter(({ state }) => state.kind === 'done').sort((a, b) => b.usedAt - a.usedAt);
  const going = open.filter(({ state }) => state.kind !== 'paused' && state.kind !== 'failed');
  const left = going.reduce((sum, { size, done: there }) => sum + Math.max(0, size - there), 0);
  const speed = going.reduce((sum, one) => sum + (one.speed ?? 0), 0);
  const count = (kind: Fetch['state']['kind']): number =>
    open.filter(({ state }) => state.kind === kind).length;
  const parts = [
    going.length > 0 && t.left(going.length, bytesText(left)),
    going.length > 0 && speed > 0 && t.done(`in ${durationText(left / speed)}`),
    count('paused') > 0 && t.pausedLeft(count('paused')),
    count('failed') > 0 && t.stopped(count('failed')),
    open.length === 0 && done.length > 0 && t.allHere(done.length),
  ];
  const keys = (list: readonly Fetch[]): string[] => list.map(({ mediaKey }) => mediaKey);
  return {
    rows: [...open, ...done].map((fetch) => fetchView(fetch, now)),
    summary: parts.filter((part) => part !== false).join(' · '),
    underway: going.length,
    pausable: keys(going),
    resumable: keys(open.filter((one) => !going.includes(one))),
  };
}

/** What is shown of one fetch; it never claims more than its state knows. */
export function fetchView(fetch: Fetch, now: number): FetchView {
  const { mediaKey, name, state, pinned } = fetch;
  const isDone = state.kind === 'done';
  return {
    ...{ mediaKey, name, pinned, isDone },
    ...textOf(fetch, now),
    numbers: numbersOf(fetch),
    ...(isDone ? {} : { fraction: fractionOf(fetch) }),
    action: isDone ? null : state.kind === 'paused' || state.kind === 'failed' ? 'resume' : 'pause',
    failure: state.kind === 'failed' ? { kept: state.kept, remedy: state.remedy } : null,
  };
}

/** 0..1; null while the size is not known. */
export function fractionOf({ size, done }: Fetch): number | null {
  return size > 0 ? Math.min(1, done / size) : null;
}

function textOf({ state, addedAt, usedAt }: Fetch, now: number): Pick<FetchView, 'tone' | 'text'> {
  const t = packsStrings.card;
  switch (state.kind) {
    case 'waiting':
      return { tone: 'quiet', text: t.waiting };
    case 'paused':
      return { tone: 'warn', text: t.paused };
    case 'receiving':
      return { tone: 'busy', text: t.receiving };
    case 'checking':
      return { tone: 'busy', text: t.checking };
    case 'held':
      return { tone: 'warn', text: t.held(state.fault.message) };
    case 'failed':
      return { tone: 'danger', text: `${t.failed}: ${state.fault.message}` };
    case 'done':
      return { tone: 'ok', text: usedText({ addedAt, usedAt, now }) };
  }
}

function usedText({ addedAt, usedAt, now }: { addedAt: number; usedAt: number; now: number }): string {
  const { used, fetched } = packsStrings.panel;
  return usedAt > addedAt ? used(whenText(usedAt, now)) : fetched(whenText(addedAt, now));
}

function numbersOf({ size, done, speed, state }: Fetch): string {
  if (size === 0) return '';
  if (state.kind === 'done') return bytesText(size);
  const amount = packsStrings.panel.of(bytesText(done), bytesText(size));
  return speed === null || speed === 0 ? amount : `${amount} · ${packsStrings.card.speed(bytesText(speed))}`;
}

/** A moment of the past, no finer than needed: `just now`, `today 12:04`, `on 26 Nov`. */
export function whenText(at: number, now: number): string {
  if (Math.abs(now - at) < 60_000) return 'just now';
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (date.toDateString() === new Date(now).toDateString()) return `today ${time}`;
  return `on ${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}`;
}

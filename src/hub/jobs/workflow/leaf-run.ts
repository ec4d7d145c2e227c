import type { Leaf, Output, Retry } from './plan.ts';
import type { Phase } from './run-record.ts';
import { fill, type Values } from './values.ts';

/** A command with all its texts filled. */
export interface LeafRun {
  leaf: Leaf;
  /** Name of the step, for people. */
  task: string;
  /** Files whose text is wanted afterwards. */
  files: readonly string[];
  /** Aborts when it is to end: cancelled, too late, or the hub stops. */
  signal: AbortSignal;
  onOutput: (text: string) => void;
}

export interface LeafEnd {
  /** Exit code. */
  code: number;
  /** What it wrote to standard output, without the last line break. */
  result: string;
  /** Texts of the files that were there, by path. */
  files: Readonly<Record<string, string>>;
}

/** Rejects when the command cannot be run at all. */
export type RunLeaf = (run: LeafRun) => Promise<LeafEnd>;

export function filled(leaf: Leaf, values: Values): Leaf {
  const all = (texts: readonly string[]): string[] => texts.map((text) => fill(text, values));
  return {
    ...leaf,
    image: leaf.image === undefined ? undefined : fill(leaf.image, values),
    command: all(leaf.command),
    args: all(leaf.args),
    source: leaf.source === undefined ? undefined : fill(leaf.source, values),
    env: leaf.env.map(([name, text]) => [name, fill(text, values)] as const),
    workingDir: leaf.workingDir === undefined ? undefined : fill(leaf.workingDir, values),
  };
}

/** @returns the outputs; or the path of one that is missing */
export function leafOutputs(outputs: readonly Output[], { files }: LeafEnd): Record<string, string> | string {
  const found: Record<string, string> = {};
  for (const { name, path = '', fallback } of outputs) {
    const text = files[path] ?? fallback;
    if (text === undefined) return path;
    found[`parameters.${name}`] = text;
  }
  return found;
}

/** Seconds before another attempt; none: it is over. */
export function waitBefore(retry: Retry | undefined, phase: Phase, attempt: number): number | undefined {
  if (!retry || attempt >= retry.limit) return undefined;
  const again = phase === 'Failed' ? retry.on.failure : phase === 'Error' && retry.on.error;
  return again ? retry.wait * retry.factor ** attempt : undefined;
}

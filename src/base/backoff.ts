import type { Random } from './random.ts';

export interface BackoffLimits {
  /** Upper bound of the first wait, ms. */
  base: number;
  /** Upper bound of every wait, ms. */
  cap: number;
}

/**
 * Wait before try number `attempt` (0 = first retry), ms, with full jitter:
 * uniform in [0, min(cap, base * 2^attempt)]. Spreads clients that failed together.
 */
export function backoff(attempt: number, random: Random, { base, cap }: BackoffLimits): number {
  return Math.round(random() * Math.min(cap, base * 2 ** Math.min(attempt, 30)));
}

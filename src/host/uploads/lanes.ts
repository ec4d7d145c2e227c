/**
 * How many parts are sent at a time. One more lane is kept only while it makes the whole faster; a failure
 * halves them, since on a thin link lanes take the room from each other. Pure.
 */
export interface LanePlan {
  lanes: number;
  /** The best that was measured on this link, bytes a second; null until a first window is over. */
  best: { lanes: number; rate: number } | null;
}

export const mostLanes = 4;
export const firstLanes: LanePlan = { lanes: 2, best: null };

/** A lane must bring this much more to be worth a part that a kill can cost. */
const worthwhile = 1.1;

/** `rate`: bytes a second over a window in which every lane sent a part. */
export function afterWindow({ lanes, best }: LanePlan, rate: number): LanePlan {
  if (best === null || rate > best.rate * worthwhile)
    return { lanes: Math.min(mostLanes, lanes + 1), best: { lanes, rate } };
  return { lanes: best.lanes, best };
}

export function afterFailure({ lanes }: LanePlan): LanePlan {
  return { lanes: Math.max(1, Math.floor(lanes / 2)), best: null };
}

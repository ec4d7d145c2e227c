/** A bookmarked frame. */
export interface Place {
  frame: number;
  name: string;
}

/** How near the pointer has to be to a flag, CSS pixels. */
const REACH = 5;

/** The place whose flag is under the pointer; null where none is. `x` and `width` in CSS pixels. */
export function placeNear(
  places: readonly Place[],
  { x, width, frames }: { x: number; width: number; frames: number },
): Place | null {
  const distance = ({ frame }: Place): number =>
    Math.abs((frames > 1 ? Math.min(1, frame / (frames - 1)) * width : 0) - x);
  const [nearest] = places.toSorted((a, b) => distance(a) - distance(b));
  return nearest !== undefined && distance(nearest) <= REACH ? nearest : null;
}

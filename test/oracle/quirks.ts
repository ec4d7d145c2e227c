import type { SimulatedSide } from './simulated-side.ts';
import type { Seen } from './side.ts';
import type { Step } from './steps.ts';

/** Both answers to one step, or to the list that followed it. */
export interface Difference {
  step: Step;
  /** The very same request was sent before. */
  repeated: boolean;
  /** What differed, as the comparison says it. */
  what: string;
  simulated: Seen;
  hub: Seen;
}

/** A way in which the two are meant to differ. One that never occurs is none, and fails the test. */
export interface Quirk {
  /** Why they differ, and who of them is like a stock Tator. */
  reason: string;
  /** Whether it is this that differs. */
  explains(difference: Difference): boolean;
  /** Makes the simulated Tator what the hub is now, so that the script can go on. */
  heal?(side: SimulatedSide, difference: Difference): void;
  /** The hub's answer without it. */
  without?(hub: Seen): Seen;
}

/** In which section a media lies, in the way of old clients. */
const oldSection = 'tator_user_sections';

export const quirks: Record<string, Quirk> = {
  'bulk edits in place move no clock': {
    reason: 'as on a stock Tator; the hub moves modified_datetime, so that nobody misses them',
    explains: ({ step, what }) => 'inPlace' in step && step.inPlace && what.includes('time is another one'),
    heal: (side) => side.moveClocks(),
  },
  'a keyed create of a state is the same although a member has changed': {
    reason:
      'a state names its members to the hub by the rows that are current when it is sent: with other rows it ' +
      'is another request under a used key, and refused',
    explains: ({ step, repeated, what }) =>
      repeated && step.act === 'create' && step.kind === 'state' && what === 'status: done, rejected',
  },
  'a media has no attribute of its section': {
    reason: `${oldSection} follows from the section, which is compared; no user changes it`,
    explains: ({ hub }) => hub.medias?.some(({ attributes }) => oldSection in attributes) ?? false,
    without: (hub) => ({
      ...hub,
      medias: (hub.medias ?? []).map(({ attributes: { [oldSection]: _, ...attributes }, ...media }) => ({
        ...media,
        attributes,
      })),
    }),
  },
};

import type { Plant } from './planting.ts';
import { plantsOfDevice } from './plants-of-device.ts';
import { plantsOfFeed } from './plants-of-feed.ts';
import { plantsOfRequests } from './plants-of-requests.ts';

/** Seeds that a planted bug has to show itself in; less than a minute of them. */
export const plantedSeeds = 4000;
/** Steps of their scripts: with more than usual, the rare bugs show in less time. */
export const plantedLength = 34;

/** Known bugs, each as a thin layer around the engine. The checkers must catch every one. */
export const plants: Readonly<Record<string, Plant>> = {
  ...plantsOfRequests,
  ...plantsOfDevice,
  ...plantsOfFeed,
};

import { systemClock } from '../base/clock.ts';
import { createRpcClient } from '../contract/rpc.ts';
import { runEnginePage } from '../engine/main.ts';
import { openChannel } from './backend/connect.ts';

/** The hidden page of the desktop in which the engine lives; it outlives the UI windows. */
const clock = systemClock();
runEnginePage({ host: createRpcClient(openChannel(window, clock)), clock });

import { systemClock } from '../base/clock.ts';
import { createRpcClient } from '../contract/rpc.ts';
import { runEnginePage } from '../engine/main.ts';
import { socketTo } from './backend/connect.ts';

/**
 * Browser mode: every tab starts one, and the one that holds the Web Lock runs the engine. A worker
 * keeps its pace where a tab in the background is throttled.
 */
const clock = systemClock();
runEnginePage({ host: createRpcClient(socketTo(self.location, clock)), clock });

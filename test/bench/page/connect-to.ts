import { systemClock } from '../../../src/base/clock.ts';
import type { Host } from '../../../src/contract/host-rpc.ts';
import { createRpcClient } from '../../../src/contract/rpc.ts';
import { createSocketChannel } from '../../../src/contract/rpc-channels.ts';

/** The host at a socket's address, as the app's page calls it; resolves when it is in reach. */
export async function connectTo(address: string): Promise<Host> {
  const connect = (): WebSocket => new WebSocket(address);
  const host = createRpcClient(createSocketChannel({ connect, clock: systemClock(), random: Math.random }));
  await new Promise<void>((resolve) => host.onConnection((connected) => connected && resolve()));
  return host;
}

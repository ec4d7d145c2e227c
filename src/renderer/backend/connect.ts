import type { Clock } from '../../base/clock.ts';
import type { RpcChannel } from '../../contract/rpc.ts';
import { createPortChannel, createSocketChannel } from '../../contract/rpc-channels.ts';

/** What Electron's preload script puts on the window; absent in a browser. */
export interface Shell {
  /** Path of a file that the user dropped or chose; empty for a file that is on no disk. */
  pathOf(file: File): string;
}

const HOST_PORT_CHANNEL = 'tidemark:host-port';

export function shellOf(scope: object): Shell | null {
  const shell = (scope as { tidemarkShell?: unknown }).tidemarkShell;
  const usable =
    typeof shell === 'object' && shell !== null && 'pathOf' in shell && typeof shell.pathOf === 'function';
  return usable ? (shell as Shell) : null;
}

/** The way to the host: message ports from Electron's preload, else a socket to where the page came from. */
export function openChannel(scope: Window, clock: Clock): RpcChannel {
  return shellOf(scope) === null ? socketTo(scope.location, clock) : portsOf(scope);
}

export function socketTo(location: Pick<Location, 'protocol' | 'host'>, clock: Clock): RpcChannel {
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/rpc`;
  return createSocketChannel({ connect: () => new WebSocket(address), clock, random: Math.random });
}

/** The host may be started again; each start hands over a new port. */
function portsOf(scope: Window): RpcChannel {
  const channel = createPortChannel();
  scope.addEventListener('message', (event: MessageEvent<unknown>) => {
    const fromUs = event.source === scope && event.origin === scope.location.origin;
    const port = event.ports[0];
    const kind = (event.data as { kind?: unknown } | null)?.kind;
    if (fromUs && kind === HOST_PORT_CHANNEL && port !== undefined) channel.attach(port);
  });
  return channel;
}

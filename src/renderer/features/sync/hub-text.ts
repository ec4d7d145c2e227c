import type { HubState } from '../../../contract/host-rpc.ts';
import { syncStrings } from '../../strings/sync.en.ts';

/** The built-in server's state in words; a failure also says what was kept. */
export function hubText(hub: HubState): { tone: 'ok' | 'quiet' | 'danger'; text: string } {
  const t = syncStrings.server;
  switch (hub.kind) {
    case 'disabled':
      return { tone: 'quiet', text: t.hub.disabled };
    case 'stopped':
      return { tone: 'quiet', text: t.hub.stopped };
    case 'starting':
      return { tone: 'quiet', text: t.hub.starting };
    case 'running':
      return { tone: 'ok', text: t.hub.running(hub.url) };
    case 'failed':
      return {
        tone: 'danger',
        text: [hub.fault.message, hub.fault.detail, t.hubKept].filter((part) => part !== undefined).join(' '),
      };
  }
}

import { Emitter } from '../base/emitter.ts';
import type { Stop } from '../base/disposable.ts';
import type { HostEventName, HostEventValue } from '../contract/host-rpc.ts';
import type { HostNews } from '../contract/rpc.ts';

/** What happens in the host, for every connected page. */
export interface News {
  tell<E extends HostEventName>(event: E, value: HostEventValue<E>): void;
  subscribe: (listener: (news: HostNews) => void) => Stop;
}

export function createNews(): News {
  const emitter = new Emitter<HostNews>();
  return {
    tell: (event, value) => emitter.emit({ event, value } as HostNews),
    subscribe: (listener) => emitter.on(listener),
  };
}

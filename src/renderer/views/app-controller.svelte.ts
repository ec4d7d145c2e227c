import { Stops, type Stop } from '../../base/disposable.ts';
import type { Fault } from '../../contract/errors.ts';
import type { AnnotationStore } from '../../store/types.ts';
import type { Backend } from '../backend/backend.ts';
import { HostState } from '../backend/host-state.svelte.ts';
import { storageFault } from '../backend/storage-fault.ts';
import { formatRoute, parseRoute, type Route } from './route.ts';

/** The device database of the active account. */
export type StoreState =
  | { kind: 'none' }
  | { kind: 'opening'; accountId: string }
  | { kind: 'open'; accountId: string; store: AnnotationStore }
  | { kind: 'failed'; accountId: string; fault: Fault };

/** Which account's store is open, and where the user is. */
export class AppController {
  readonly host: HostState;
  storeState = $state.raw<StoreState>({ kind: 'none' });
  route = $state.raw<Route>({ view: 'library', projectId: null });
  /** Project of the library, also while another view is open. */
  projectId = $state<number | null>(null);
  readonly #backend: Backend;
  readonly #window: Window;
  #round = 0;

  constructor(backend: Backend, scope: Window) {
    this.#backend = backend;
    this.#window = scope;
    this.host = new HostState(backend.host);
    this.#follow();
  }

  start(): Stop {
    const stops = new Stops();
    const follow = (): void => this.#follow();
    this.#window.addEventListener('hashchange', follow);
    stops.add(() => this.#window.removeEventListener('hashchange', follow));
    stops.add(this.host.start());
    stops.add(() => this.#closeStore());
    return stops.stop;
  }

  go(route: Route): void {
    this.#window.location.hash = formatRoute(route);
    this.route = route;
  }

  /** Opens the store of `accountId`, or none; harmless when it is open already. */
  async useAccount(accountId: string | null): Promise<void> {
    const current = this.storeState;
    if (accountId === null) {
      this.#closeStore();
      return;
    }
    if (current.kind !== 'none' && current.kind !== 'failed' && current.accountId === accountId) return;
    this.#closeStore();
    const round = ++this.#round;
    this.storeState = { kind: 'opening', accountId };
    try {
      const store = await this.#backend.openStore(accountId);
      if (round === this.#round) this.storeState = { kind: 'open', accountId, store };
      else store.close();
    } catch (error) {
      if (round === this.#round) this.storeState = { kind: 'failed', accountId, fault: storageFault(error) };
    }
  }

  #closeStore(): void {
    this.#round++;
    if (this.storeState.kind === 'open') this.storeState.store.close();
    this.storeState = { kind: 'none' };
  }

  #follow(): void {
    this.route = parseRoute(this.#window.location.hash);
    if (this.route.view !== 'settings' && this.route.projectId !== null)
      this.projectId = this.route.projectId;
  }
}

import { faultOf, type Fault } from '../../../contract/errors.ts';
import type { Host } from '../../../contract/host-rpc.ts';
import { serverAddress } from './server-address.ts';

export interface Credentials {
  /** As the user wrote it. */
  host: string;
  username: string;
  password: string;
}

export type SignInState =
  | { kind: 'idle' }
  /** A field is not usable; nothing was sent. */
  | { kind: 'incomplete'; field: keyof Credentials; why: 'missing' | 'bad-address' }
  | { kind: 'busy' }
  | { kind: 'failed'; fault: Fault };

/** Accounts, the switch "Work offline" and the built-in server. */
export class ServerController {
  readonly #host: Pick<Host, 'call'>;
  #signIn = $state.raw<SignInState>({ kind: 'idle' });
  #fault = $state.raw<Fault | null>(null);
  #orders = $state(0);

  constructor(host: Pick<Host, 'call'>) {
    this.#host = host;
  }

  get signInState(): SignInState {
    return this.#signIn;
  }

  /** Why the last order (not a sign-in) was not carried out. */
  get fault(): Fault | null {
    return this.#fault;
  }

  /** An order waits for the host. */
  get busy(): boolean {
    return this.#orders > 0;
  }

  /** Signs in and makes the account the one in use. True when that was done. */
  async signIn(credentials: Credentials): Promise<boolean> {
    if (this.#signIn.kind === 'busy') return false;
    const checked = check(credentials);
    if (checked.kind === 'incomplete') {
      this.#signIn = checked;
      return false;
    }
    this.#signIn = { kind: 'busy' };
    try {
      const account = await this.#host.call('accounts.signIn', checked.credentials);
      await this.#host.call('accounts.activate', { account: account.id });
      this.#signIn = { kind: 'idle' };
      return true;
    } catch (thrown) {
      this.#signIn = { kind: 'failed', fault: faultOf(thrown) };
      return false;
    }
  }

  signOut(account: string): Promise<void> {
    return this.#order(() => this.#host.call('accounts.signOut', { account }));
  }

  activate(account: string): Promise<void> {
    return this.#order(() => this.#host.call('accounts.activate', { account }));
  }

  setOffline(offline: boolean): Promise<void> {
    return this.#order(() => this.#host.call('network.setOffline', { offline }));
  }

  startHub(): Promise<void> {
    return this.#order(() => this.#host.call('hub.start', {}));
  }

  stopHub(): Promise<void> {
    return this.#order(() => this.#host.call('hub.stop', {}));
  }

  async #order(act: () => Promise<unknown>): Promise<void> {
    this.#fault = null;
    this.#orders += 1;
    try {
      await act();
    } catch (thrown) {
      this.#fault = faultOf(thrown);
    } finally {
      this.#orders -= 1;
    }
  }
}

type Checked = { kind: 'complete'; credentials: Credentials } | Extract<SignInState, { kind: 'incomplete' }>;

function check({ host, username, password }: Credentials): Checked {
  if (host.trim() === '') return { kind: 'incomplete', field: 'host', why: 'missing' };
  const address = serverAddress(host)?.address;
  if (address === undefined) return { kind: 'incomplete', field: 'host', why: 'bad-address' };
  if (username.trim() === '') return { kind: 'incomplete', field: 'username', why: 'missing' };
  // A password may consist of blanks.
  if (password === '') return { kind: 'incomplete', field: 'password', why: 'missing' };
  return { kind: 'complete', credentials: { host: address, username: username.trim(), password } };
}

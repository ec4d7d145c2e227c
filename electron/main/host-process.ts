import { MessageChannelMain, utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';
import { Emitter } from '../../src/base/emitter.ts';
import type { Stop } from '../../src/base/disposable.ts';
import { errorCatalogue, type Fault } from '../../src/contract/errors.ts';
import type { HostToShell, ShellToHost } from '../../src/host/shell-messages.ts';
import type { Secrets } from './secrets.ts';

export interface HostOptions {
  /** Path of the built host program. */
  entry: string;
  init: Extract<ShellToHost, { kind: 'init' }>;
  secrets: Secrets;
}

export type HostState =
  | { kind: 'starting' }
  | { kind: 'ready'; address: string; authorization: string }
  | { kind: 'failed'; fault: Fault };

/** Shortest time between two starts of a host that keeps ending, ms. */
const RESTART_WAIT = 1_000;

/**
 * Keeps the host process running and hands ports to it. When the process ends unasked it is started
 * again; listeners of `onReady` then give every page a new port.
 */
export class HostProcess {
  #child: UtilityProcess | null = null;
  #state: HostState = { kind: 'starting' };
  #stopping = false;
  readonly #options: HostOptions;
  readonly #states = new Emitter<HostState>();

  constructor(options: HostOptions) {
    this.#options = options;
    this.#start();
  }

  get state(): HostState {
    return this.#state;
  }

  onState(listener: (state: HostState) => void): Stop {
    return this.#states.on(listener);
  }

  /** A port whose other end the host answers. */
  connectPage(): MessagePortMain | null {
    if (this.#child === null) return null;
    const { port1, port2 } = new MessageChannelMain();
    this.#child.postMessage({ kind: 'page' } satisfies ShellToHost, [port1]);
    return port2;
  }

  tellPower(event: 'suspend' | 'resume'): void {
    this.#send({ kind: 'power', event });
  }

  /** Resolves when the host has put everything down and ended. */
  stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      this.#send({ kind: 'stop' });
    });
  }

  #start(): void {
    const child = utilityProcess.fork(this.#options.entry, [], {
      serviceName: 'Tidemark host',
      stdio: 'inherit',
    });
    this.#child = child;
    this.#become({ kind: 'starting' });
    child.once('spawn', () => this.#send(this.#options.init));
    child.on('message', (message: HostToShell) => this.#receive(message));
    child.once('exit', (code) => this.#ended(code));
  }

  #receive(message: HostToShell): void {
    switch (message.kind) {
      case 'ready':
        this.#become(message);
        return;
      case 'failed':
        // Starting again cannot help (data in use, a folder that cannot be written).
        this.#stopping = true;
        this.#become(message);
        return;
      case 'encrypt':
        void this.#answerSecret(message.id, this.#options.secrets.encrypt(message.text));
        return;
      case 'decrypt':
        void this.#answerSecret(message.id, this.#options.secrets.decrypt(message.data));
        return;
      case 'stopped':
        return;
    }
  }

  /** A key chain that fails counts as one that is not there. */
  async #answerSecret(id: number, secret: Promise<string | null>): Promise<void> {
    const value = await secret.catch(() => null);
    this.#send({ kind: 'secret', id, value });
  }

  #ended(code: number): void {
    this.#child = null;
    if (this.#stopping) return;
    const detail = `the host process ended with code ${code}`;
    this.#become({
      kind: 'failed',
      fault: { code: 'host-gone', message: errorCatalogue['host-gone'].text, detail },
    });
    setTimeout(() => {
      if (!this.#stopping) this.#start();
    }, RESTART_WAIT);
  }

  #send(message: ShellToHost): void {
    this.#child?.postMessage(message);
  }

  #become(state: HostState): void {
    this.#state = state;
    this.#states.emit(state);
  }
}

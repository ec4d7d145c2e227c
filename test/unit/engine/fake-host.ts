import type { Stop } from '../../../src/base/disposable.ts';
import type { Host, HostMethodName } from '../../../src/contract/host-rpc.ts';

export type Answers = Partial<Record<HostMethodName, (params: never) => unknown>>;

/** A host that answers from a table, and tells what it was asked. */
export class FakeHost implements Host {
  readonly asked: { method: string; params: Record<string, unknown> }[] = [];
  readonly #answers: Answers;
  readonly #listeners = new Map<string, Set<(value: never) => void>>();

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  async call(method: HostMethodName, params: never): Promise<never> {
    this.asked.push({ method, params });
    return (await this.#answers[method]?.(params)) as never;
  }

  on(event: string, listener: (value: never) => void): Stop {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  emit(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never);
  }

  onConnection(listener: (connected: boolean) => void): Stop {
    listener(true);
    return () => undefined;
  }
}

import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { PartBook } from './part-book.ts';

/** What the device is doing at the server. */
export type Phase = 'push' | 'pull' | 'part' | 'completion';

/** A part that is not over at once: on a loopback all would arrive before anything can be killed. */
const partDelay = 25;

/**
 * A proxy between the device and its hub that knows what is under way, and which parts came again after a
 * kill. It outlives both.
 */
export class Gate {
  readonly #server = createServer((request, response) => void this.#pass(request, response));
  readonly #target: () => string;
  readonly #open = new Map<Phase, number>();
  readonly #waiting = new Set<{ phase: Phase; begun: () => void }>();
  readonly #parts = new PartBook();

  private constructor(target: () => string) {
    this.#target = target;
  }

  static async to(target: () => string): Promise<Gate> {
    const gate = new Gate(target);
    await new Promise<void>((listening) => gate.#server.listen(0, '127.0.0.1', listening));
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Phases of which a request is under way right now. */
  underway(): Phase[] {
    return [...this.#open].flatMap(([phase, count]) => (count > 0 ? [phase] : []));
  }

  /** Resolves when the next request of the phase arrives, or after `patience` ms. */
  async next(phase: Phase, patience: number): Promise<void> {
    const giveUp = new AbortController();
    const begun = new Promise<void>((resolve) => {
      const entry = { phase, begun: resolve };
      this.#waiting.add(entry);
      giveUp.signal.addEventListener('abort', () => this.#waiting.delete(entry));
    });
    await Promise.race([begun, wait(patience)]);
    giveUp.abort();
  }

  /** To be told of every kill: what is sent again is counted between two of them. */
  killed(): void {
    this.#parts.killed();
  }

  resent(): { parts: number; most: number } {
    return this.#parts.resent();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = request.url ?? '/';
    const phase = phaseOf(request.method ?? 'GET', address);
    if (phase !== null) this.#begin(phase, response);
    if (phase === 'part') {
      this.#parts.sent(address);
      await wait(partDelay);
    }
    const { method, headers } = request;
    const { hostname, port } = new URL(this.#target());
    const onward = send({ hostname, port, method, path: address, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    // A hub that is gone looks gone to the device as well.
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  #begin(phase: Phase, response: ServerResponse): void {
    this.#open.set(phase, (this.#open.get(phase) ?? 0) + 1);
    response.on('close', () => this.#open.set(phase, (this.#open.get(phase) ?? 1) - 1));
    for (const entry of this.#waiting) {
      if (entry.phase !== phase) continue;
      this.#waiting.delete(entry);
      entry.begun();
    }
  }
}

function phaseOf(method: string, address: string): Phase | null {
  const { pathname } = new URL(address, 'http://localhost');
  if (pathname.startsWith('/objects/')) return method === 'PUT' ? 'part' : null;
  if (/^\/rest\/(UploadCompletion|Transcode|ImageFile)/.test(pathname) && method === 'POST')
    return 'completion';
  if (/^\/rest\/(Token|DownloadInfo)/.test(pathname)) return null;
  // Tator's lists by ids are read with PUT.
  return method === 'GET' || method === 'PUT' ? 'pull' : 'push';
}

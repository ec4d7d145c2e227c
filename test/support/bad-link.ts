import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { seededRandom } from '../../src/base/random.ts';

/** A link as ships have it. Both ways are alike; all connections share them. */
export interface LinkTraits {
  /** ms there and back. */
  roundTrip: number;
  /** Bits a second each way; null for no limit. */
  rate: number | null;
  /** Share of packets that are lost, 0..1: TCP sends them again, and what follows waits for them. */
  loss: number;
  /** Share of losses that end the connection instead. */
  resets: number;
}

export const freeLink: LinkTraits = { roundTrip: 0, rate: null, loss: 0, resets: 0 };

/** What the link has done so far. Bytes are those of TCP's content. */
export interface LinkCount {
  connections: number;
  up: number;
  down: number;
  lost: number;
  reset: number;
}

/** Bytes that travel together. */
const packet = 1400;
/** Least wait before a lost packet is sent again, ms. */
const retransmission = 200;
/** Bytes that one connection may have under way before its sender must wait. */
const window = 64 * 1024;

interface Way {
  /** When the line is free for the next packet. */
  free: number;
}

/**
 * A TCP proxy on 127.0.0.1 that delays, thins out, stalls and breaks what goes through it.
 *
 *   client -- window --> line (rate, shared) -- half a round trip --> (a gap holds it back) --> server
 */
export class BadLink {
  readonly count: LinkCount = { connections: 0, up: 0, down: 0, lost: 0, reset: 0 };
  traits: LinkTraits = freeLink;
  readonly #target: URL;
  readonly #server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
  readonly #ways: Record<'up' | 'down', Way> = { up: { free: 0 }, down: { free: 0 } };
  readonly #sockets = new Set<Socket>();
  readonly #random: () => number;
  #silentUntil = 0;
  #cut = false;

  private constructor(target: string, seed: number) {
    this.#target = new URL(target);
    this.#random = seededRandom(seed);
  }

  static async to(target: string, { seed = 1 } = {}): Promise<BadLink> {
    const link = new BadLink(target, seed);
    await new Promise<void>((listening) => link.#server.listen(0, '127.0.0.1', listening));
    return link;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A handover: for this long, ms, nothing moves, and no connection ends. */
  gap(ms: number): void {
    this.#silentUntil = Date.now() + ms;
  }

  /** An outage: what is open ends, and nothing new is let in until `mend`. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  mend(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((closed) => this.#server.close(closed));
  }

  #accept(client: Socket): void {
    if (this.#cut) {
      client.resetAndDestroy();
      return;
    }
    this.count.connections += 1;
    const server = connect(Number(this.#target.port), this.#target.hostname);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      // The close that follows an error ends the other side.
      socket.on('error', () => {});
    }
    const end = (): void => {
      for (const socket of [client, server]) {
        socket.destroy();
        this.#sockets.delete(socket);
      }
    };
    client.on('close', end);
    server.on('close', end);
    const reset = (): void => {
      this.count.reset += 1;
      client.resetAndDestroy();
      server.resetAndDestroy();
    };
    // Nothing of the client leaves before the handshake came back.
    const openAt = Date.now() + this.traits.roundTrip;
    this.#carry({ from: client, to: server, way: 'up', openAt, reset });
    this.#carry({ from: server, to: client, way: 'down', openAt, reset });
    client.resume();
  }

  #carry({ from, to, way, openAt, reset }: Carried): void {
    const queue: { bytes: Buffer | null; at: number }[] = [];
    let underway = 0;
    let arrival = openAt;
    let delivering = false;
    const gone = (): boolean => to.destroyed;
    const deliver = async (): Promise<void> => {
      if (delivering) return;
      delivering = true;
      for (let next = queue.shift(); next !== undefined && !gone(); next = queue.shift()) {
        await until(next.at);
        while (Date.now() < this.#silentUntil) await until(this.#silentUntil + this.traits.roundTrip / 2);
        if (gone()) break;
        if (next.bytes === null) to.end();
        else {
          to.write(next.bytes);
          this.count[way] += next.bytes.length;
          underway -= next.bytes.length;
          if (underway < window / 2) from.resume();
        }
      }
      delivering = false;
    };
    from.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; at += packet) {
        const bytes = chunk.subarray(at, at + packet);
        const fate = this.#fate(this.#ways[way], bytes.length);
        if (fate === 'reset') {
          reset();
          return;
        }
        arrival = Math.max(arrival, fate);
        queue.push({ bytes, at: arrival });
      }
      underway += chunk.length;
      if (underway > window) from.pause();
      void deliver();
    });
    from.on('end', () => {
      queue.push({ bytes: null, at: arrival });
      void deliver();
    });
  }

  /** When a packet that enters the line now comes out of it, or that its connection ends. */
  #fate(way: Way, bytes: number): number | 'reset' {
    const { roundTrip, rate, loss, resets } = this.traits;
    way.free = Math.max(way.free, Date.now()) + (rate === null ? 0 : (bytes * 8000) / rate);
    const arrival = way.free + roundTrip / 2;
    if (loss === 0 || this.#random() >= loss) return arrival;
    this.count.lost += 1;
    return this.#random() < resets ? 'reset' : arrival + roundTrip + retransmission;
  }
}

interface Carried {
  from: Socket;
  to: Socket;
  way: 'up' | 'down';
  openAt: number;
  reset: () => void;
}

function until(at: number): Promise<void> {
  const wait = at - Date.now();
  return wait <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, wait));
}

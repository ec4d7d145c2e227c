import { execFile } from 'node:child_process';
import type { Clock } from '../../../base/clock.ts';
import { badRequest } from '../../errors.ts';
import type { Flavour } from './create-arguments.ts';

export interface ContainerSettings {
  /** Program to use, `podman`, `docker` or a path; `none`: no containers; absent: the first that answers. */
  engine?: string | undefined;
  /** Network that containers are in; `host`, so that they reach a hub that listens on 127.0.0.1. */
  network: string;
  /** Further options for every container, of the operator. */
  options: readonly string[];
}

export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

const PROBE_MS = 10_000;
/** An engine that answered is believed for so long, ms. */
const BELIEVED = 30_000;
const LONGEST_ANSWER = 16 * 1024 * 1024;

/** The container engine of this machine: one program, asked anew from time to time whether it is well. */
export class ContainerEngines {
  readonly #settings: ContainerSettings;
  readonly #clock: Clock;
  #known: { engine: Engine; until: number } | undefined;

  constructor(settings: ContainerSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** @throws HubError 400 that says what is missing */
  async require(): Promise<Engine> {
    const { engine: named } = this.#settings;
    if (named === 'none') throw missing('this hub runs no containers (CONTAINER_ENGINE=none)');
    if (this.#known && this.#known.until > this.#clock.now()) return this.#known.engine;
    const said: string[] = [];
    for (const program of named === undefined ? ['podman', 'docker'] : [named]) {
      const found = await probe(program, this.#settings);
      if (typeof found === 'string') said.push(found);
      else {
        this.#known = { engine: found, until: this.#clock.now() + BELIEVED };
        return found;
      }
    }
    throw missing(said.join('; '));
  }

  async find(): Promise<Engine | undefined> {
    return this.require().catch(() => undefined);
  }
}

function missing(why: string): Error {
  return badRequest(`No container engine answers on the hub’s machine: ${why}.`, 'no-container-engine');
}

/** @returns the engine, or why it is none */
async function probe(program: string, settings: ContainerSettings): Promise<Engine | string> {
  const signal = AbortSignal.timeout(PROBE_MS);
  const version = await call(program, ['--version'], signal);
  if (version.code !== 0) return `"${program}" is not installed`;
  const flavour = /podman/i.test(version.stdout) ? 'podman' : 'docker';
  const engine = new Engine(program, flavour, settings);
  const answer = await engine.call(['ps', '--quiet'], signal);
  if (answer.code === 0) return engine;
  return `"${program}" is installed, but says: ${lastLine(answer.stderr) || 'nothing within 10 s'}`;
}

export class Engine {
  readonly program: string;
  readonly flavour: Flavour;
  readonly settings: ContainerSettings;

  constructor(program: string, flavour: Flavour, settings: ContainerSettings) {
    this.program = program;
    this.flavour = flavour;
    this.settings = settings;
  }

  /** Runs one command of the engine to its end. */
  call(args: readonly string[], signal?: AbortSignal): Promise<Said> {
    return call(this.program, args, signal);
  }

  /** @throws HubError 400 with what the engine said last */
  async must(args: readonly string[], what: string, signal?: AbortSignal): Promise<string> {
    const { code, stdout, stderr } = await this.call(args, signal);
    if (code !== 0) throw badRequest(`${what}: ${lastLine(stderr) || `${this.program} ended with ${code}`}`);
    return stdout;
  }
}

function call(program: string, args: readonly string[], signal?: AbortSignal): Promise<Said> {
  return new Promise((resolve) => {
    const options = {
      env: engineEnvironment(process.env),
      maxBuffer: LONGEST_ANSWER,
      ...(signal === undefined ? {} : { signal }),
    };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error ? 127 : 0;
      resolve({ code, stdout, stderr });
    });
  });
}

/** What an engine's client needs of the hub's environment; nothing that is a secret of the hub's. */
export function engineEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const wanted =
    /^(PATH|HOME|USER|LOGNAME|LANG|TMPDIR|SSH_AUTH_SOCK|DBUS_SESSION_BUS_ADDRESS)$|^(XDG|DOCKER|CONTAINER|CONTAINERS)_|^https?_proxy$|^no_proxy$/i;
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => wanted.test(entry[0]) && entry[1] !== undefined,
    ),
  );
}

export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 500) ?? '';
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { badRequest } from '../errors.ts';
import type { Engine } from './containers/engine.ts';
import {
  LONGEST_OUTPUT,
  makeVolumes,
  readOutput,
  removeContainers,
  runContainer,
} from './containers/run-container.ts';
import { endProcesses, jobMark } from './leftovers.ts';
import { runCommand } from './run-command.ts';
import type { LeafEnd, LeafRun } from './workflow/leaf-run.ts';

export interface LeavesOptions {
  uid: string;
  /** The folder of the job, in which its plain commands run. */
  folder: string;
  /** Names of the volumes that its containers share. */
  claims: readonly string[];
  requireEngine: () => Promise<Engine>;
}

/** Runs the commands of one job, in containers or plainly. */
export class LocalLeaves {
  readonly #options: LeavesOptions;
  #ready: Promise<Engine> | undefined;
  #count = 0;

  constructor(options: LeavesOptions) {
    this.#options = options;
  }

  readonly run = (leaf: LeafRun): Promise<LeafEnd> => {
    const number = this.#count++;
    return leaf.leaf.image === undefined ? this.#plain(leaf, number) : this.#contained(leaf, number);
  };

  /** Ends and removes whatever is left of the job. */
  async close(): Promise<void> {
    const engine = await this.#ready?.catch(() => undefined);
    if (engine) await removeContainers(engine, this.#options.uid);
    await endProcesses(this.#options.uid);
  }

  async #contained(leaf: LeafRun, number: number): Promise<LeafEnd> {
    this.#ready ??= this.#prepare();
    const { uid, folder } = this.#options;
    return runContainer(await this.#ready, leaf, { uid, folder, name: `tidemark-${uid}-${number}` });
  }

  async #prepare(): Promise<Engine> {
    const { uid, claims, requireEngine } = this.#options;
    const engine = await requireEngine();
    await makeVolumes(engine, uid, claims);
    return engine;
  }

  async #plain({ leaf, files, signal, onOutput }: LeafRun, number: number): Promise<LeafEnd> {
    const { uid, folder } = this.#options;
    const script = leaf.source === undefined ? [] : [join(folder, `script-${number}`)];
    if (leaf.source !== undefined) await writeFile(script[0] as string, leaf.source, { mode: 0o600 });
    let result = '';
    const words = [...leaf.command, ...leaf.args, ...script];
    const code = await runCommand(words, {
      folder,
      env: { ...Object.fromEntries(leaf.env), [jobMark]: uid },
      signal,
      onOutput: (text, stream) => {
        if (stream === 'stdout' && result.length < LONGEST_OUTPUT) result += text;
        onOutput(text);
      },
    }).catch((error: unknown) => {
      throw cannotStart(words[0] ?? '', error);
    });
    const found: Record<string, string> = {};
    for (const path of code === 0 ? files : []) {
      const text = await readOutput(join(folder, path));
      if (text !== undefined) found[path] = text;
    }
    return { code, result: result.slice(0, LONGEST_OUTPUT).replace(/\n$/, ''), files: found };
  }
}

function cannotStart(program: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return badRequest(`"${program}" is not installed on the hub’s machine.`);
  return badRequest(`"${program}" cannot be started (${code ?? 'unknown reason'}).`);
}

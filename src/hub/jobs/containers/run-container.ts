import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../run-command.ts';
import type { LeafEnd, LeafRun } from '../workflow/leaf-run.ts';
import { createArguments, jobLabel, scriptPath, volumeName } from './create-arguments.ts';
import { engineEnvironment, type Engine } from './engine.ts';

/** A container that is asked to end has so long for it, seconds. */
const GRACE = 5;
/** Characters of an output parameter, as Argo has it. */
export const LONGEST_OUTPUT = 256 * 1024;

export interface ContainerPlace {
  uid: string;
  /** Name of the container. */
  name: string;
  /** For files on their way into and out of it. */
  folder: string;
}

/**
 * Makes a container, runs it to its end, takes what it left, and removes it. Files go in and out by the
 * engine's own copying, so that it may be another machine's engine.
 * @throws HubError 400 with the engine's words when the container cannot be made
 */
export async function runContainer(
  engine: Engine,
  { leaf, files, signal, onOutput }: LeafRun,
  { uid, name, folder }: ContainerPlace,
): Promise<LeafEnd> {
  const own = await mkdtemp(join(folder, 'container-'));
  try {
    const { network, options } = engine.settings;
    const words = createArguments(leaf, { flavour: engine.flavour, name, uid, network, options });
    await engine.must(words, `The container of ${leaf.image} cannot be made`, signal);
    if (leaf.source !== undefined) await putScript(engine, { name, folder: own, source: leaf.source });
    const { code, result } = await attend(engine, { name, folder: own, signal, onOutput });
    return { code, result, files: code === 0 ? await take(engine, { name, folder: own, files }) : {} };
  } finally {
    await engine.call(['rm', '--force', '--volumes', name]);
    await rm(own, { recursive: true, force: true });
  }
}

async function attend(
  engine: Engine,
  { name, folder, signal, onOutput }: Pick<LeafRun, 'signal' | 'onOutput'> & { name: string; folder: string },
): Promise<{ code: number; result: string }> {
  const client = new AbortController();
  // The end of the client alone would leave the container running.
  const stop = (): void => {
    engine
      .call(['stop', '-t', String(GRACE), name])
      .then(() => client.abort())
      .catch(() => client.abort());
  };
  if (signal.aborted) return { code: 128, result: '' };
  signal.addEventListener('abort', stop, { once: true });
  let result = '';
  try {
    const code = await runCommand([engine.program, 'start', '--attach', name], {
      folder,
      env: engineEnvironment(process.env),
      signal: client.signal,
      onOutput: (text, stream) => {
        if (stream === 'stdout' && result.length < LONGEST_OUTPUT) result += text;
        onOutput(text);
      },
    });
    return { code, result: result.slice(0, LONGEST_OUTPUT).replace(/\n$/, '') };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function putScript(
  engine: Engine,
  { name, folder, source }: { name: string; folder: string; source: string },
): Promise<void> {
  const path = join(folder, scriptPath);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, source, { mode: 0o644 });
  const top = scriptPath.split('/')[1] ?? '';
  await engine.must(['cp', join(folder, top), `${name}:/`], 'The script cannot be put into its container');
}

async function take(
  engine: Engine,
  { name, folder, files }: { name: string; folder: string; files: readonly string[] },
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [index, path] of files.entries()) {
    const copy = join(folder, `output-${index}`);
    const { code } = await engine.call(['cp', `${name}:${path}`, copy]);
    const text = code === 0 ? await readOutput(copy) : undefined;
    if (text !== undefined) found[path] = text;
  }
  return found;
}

/** The beginning of a file, without its last line break; nothing when it is no file. */
export async function readOutput(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  try {
    const { buffer, bytesRead } =
      (await file?.read(Buffer.alloc(LONGEST_OUTPUT), 0, LONGEST_OUTPUT, 0)) ?? {};
    return buffer?.toString('utf8', 0, bytesRead).replace(/\n$/, '');
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

/** The volumes that all steps of a job share. */
export async function makeVolumes(engine: Engine, uid: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const words = ['volume', 'create', '--label', `${jobLabel}=${uid}`, volumeName(uid, name)];
    await engine.must(words, `The volume "${name}" cannot be made`);
  }
}

/** Ends and removes all containers and volumes of a job, whoever made them. */
export async function removeContainers(engine: Engine, uid: string): Promise<void> {
  const filter = ['--quiet', '--filter', `label=${jobLabel}=${uid}`];
  const containers = wordsOf((await engine.call(['ps', '--all', ...filter])).stdout);
  if (containers.length > 0) {
    // What is removed while it runs is asked to end first, and may take its time.
    await engine.call(['kill', ...containers]);
    await engine.call(['rm', '--force', '--volumes', ...containers]);
  }
  const volumes = wordsOf((await engine.call(['volume', 'ls', ...filter])).stdout);
  if (volumes.length > 0) await engine.call(['volume', 'rm', '--force', ...volumes]);
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

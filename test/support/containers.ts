import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, copyFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';

/** A container engine that really runs containers here, and a small image made on this machine. */
export interface TestEngine {
  program: string;
  image: string;
  /** For the hub that uses it. */
  env: Record<string, string>;
  call(...args: string[]): Promise<{ code: number; out: string }>;
  remove(): Promise<void>;
}

const image = 'localhost/tidemark-test/busybox:1';

/** @returns the engine, the one that CONTAINER_ENGINE names where it is set; or why there is none, in one line */
export async function findTestEngine(): Promise<TestEngine | string> {
  const busybox = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'busybox'))
    .find((path) => existsSync(path));
  if (busybox === undefined) return 'there is no busybox to make an image of';
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-engine-'));
  const archive = await makeArchive(folder, busybox);
  const said: string[] = [];
  const named = process.env['CONTAINER_ENGINE'];
  for (const program of named === undefined ? ['podman', 'docker'] : [named]) {
    for (const env of [{}, await narrowSettings(folder)]) {
      const call = (...args: string[]) => run(program, args, env);
      await call('import', archive, image);
      const { code, out } = await call('run', '--rm', '--network', 'host', image, 'sh', '-c', 'exit 7');
      if (code !== 7) {
        said.push(`${program}: ${out.trim().split('\n').at(-1) ?? ''}`);
        continue;
      }
      const remove = async (): Promise<void> => {
        await call('rmi', '--force', image);
        await rm(folder, { recursive: true, force: true });
      };
      return { program, image, env: { ...env, CONTAINER_ENGINE: program }, call, remove };
    }
  }
  await rm(folder, { recursive: true, force: true });
  return `no engine runs containers here (${said.join('; ')})`;
}

async function makeArchive(folder: string, busybox: string): Promise<string> {
  const bin = join(folder, 'root', 'bin');
  await mkdir(bin, { recursive: true });
  await mkdir(join(folder, 'root', 'tmp'));
  await copyFile(busybox, join(bin, 'busybox'));
  for (const name of ['sh', 'cat', 'echo', 'sleep', 'ls', 'touch', 'pwd'])
    await symlink('busybox', join(bin, name));
  const archive = join(folder, 'root.tar');
  await run('tar', ['-cf', archive, '-C', join(folder, 'root'), '.'], {});
  return archive;
}

/** For machines that are containers themselves: older control groups, limits that cannot be raised. */
async function narrowSettings(folder: string): Promise<Record<string, string>> {
  const path = join(folder, 'containers.conf');
  const limits = '[containers]\ndefault_ulimits = ["nofile=1000:1000", "nproc=1000:1000"]\n';
  await writeFile(path, `${limits}[engine]\nruntime = "runc"\n`);
  return { CONTAINERS_CONF: path };
}

function run(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(program, [...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error ? 127 : 0;
      resolve({ code, out: stdout + stderr });
    });
  });
}

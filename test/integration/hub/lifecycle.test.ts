import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { crashRun } from '../../crash/crash.ts';
import { startTestHub, type Row, type TestHub } from '../../support/hub.ts';
import { boxSpec, chainOf, makeVideo, sampleIds } from '../../support/hub-sample.ts';

const hubs: TestHub[] = [];

afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.stop();
});

async function start(options: Parameters<typeof startTestHub>[0]): Promise<TestHub> {
  const hub = await startTestHub(options);
  hubs.push(hub);
  return hub;
}

async function postmasterPid(hub: TestHub): Promise<number> {
  return Number((await readFile(join(hub.data, 'postgres/cluster/postmaster.pid'), 'utf8')).split('\n')[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the hub as a process', () => {
  it('loses no acknowledged write when it is killed in the middle of many, and its database once', async () => {
    const { acknowledged, databaseKills, problems } = await crashRun(await start({ sample: true }), {
      times: 4,
      seed: 1,
    });
    expect(problems).toEqual([]);
    expect(databaseKills).toBe(1);
    expect(acknowledged.creates).toBeGreaterThan(5);
    expect(acknowledged.files).toBeGreaterThan(0);
  });

  it('comes back when hub and database are both killed', async () => {
    const hub = await start({ sample: true });
    const call = hub.client();
    const ids = await sampleIds(call);
    const elemental_id = randomUUID();
    const media = await makeVideo(call, ids);
    await call('POST', `/rest/Localizations/${ids.project}`, boxSpec(ids, media, { elemental_id }));
    const database = await postmasterPid(hub);
    await hub.kill();
    process.kill(database, 'SIGKILL');
    await hub.restart();
    expect(await chainOf(call, ids, elemental_id)).toHaveLength(1);
  });

  it('starts over the file of a killed database whose number another program has now', async () => {
    const hub = await start({ sample: false });
    const database = await postmasterPid(hub);
    const file = join(hub.data, 'postgres/cluster/postmaster.pid');
    const { uid, gid } = await stat(file);
    await hub.kill();
    process.kill(database, 'SIGKILL');
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], {
      ...(process.getuid?.() === 0 ? { uid, gid } : {}),
      stdio: 'ignore',
    });
    try {
      const [, ...rest] = (await readFile(file, 'utf8')).split('\n');
      await writeFile(file, [String(other.pid), ...rest].join('\n'));
      await hub.restart();
      expect((await hub.client()<{ username: string }>('GET', '/rest/User/GetCurrent')).status).toBe(200);
      expect(other.exitCode).toBeNull();
    } finally {
      other.kill();
    }
  });

  it('takes over the database that a killed hub left running, keeps tokens, and stops it at its own end', async () => {
    const hub = await start({ sample: false });
    const database = await postmasterPid(hub);
    await hub.kill();
    expect(isAlive(database)).toBe(true);
    await hub.restart();
    expect(hub.stderr()).toContain('took it over');
    expect(await postmasterPid(hub)).toBe(database);
    expect((await hub.client()<{ username: string }>('GET', '/rest/User/GetCurrent')).body.username).toBe(
      'admin',
    );
    await hub.stop();
    expect(isAlive(database)).toBe(false);
  });

  it('makes the sample once, and remembers the password of the first start', async () => {
    const hub = await start({ sample: true });
    const before = (await hub.client()<Row[]>('GET', '/rest/Projects')).body;
    const file = await stat(join(hub.data, 'admin-password.txt'));
    expect(file.mode & 0o777).toBe(0o600);
    await hub.kill();
    await hub.restart();
    expect((await hub.client()<Row[]>('GET', '/rest/Projects')).body).toHaveLength(before.length);
  });

  it('refuses a data folder on which another hub works', async () => {
    const hub = await start({ sample: false });
    await expect(startTestHub({ sample: false, data: hub.data })).rejects.toThrow(
      'Another hub already works',
    );
    expect((await hub.client()<{ username: string }>('GET', '/rest/User/GetCurrent')).status).toBe(200);
  });

  it('ends when the program that started it ends', async () => {
    const hub = await start({ sample: false });
    const database = await postmasterPid(hub);
    hub.closeParent();
    for (const limit = Date.now() + 15_000; isAlive(database) && Date.now() < limit;) await wait(50);
    expect(isAlive(database)).toBe(false);
  });

  it.runIf(process.getuid?.() === 0)('runs as root below a folder that nobody else may enter', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'tidemark-closed-'));
    await chown(closed, 0, 0);
    await chmod(closed, 0o700);
    const data = join(closed, 'data');
    await mkdir(data);
    const hub = await start({ sample: false, data });
    expect((await hub.client()<{ username: string }>('GET', '/rest/User/GetCurrent')).status).toBe(200);
    expect((await stat(closed)).mode & 0o777).toBe(0o700);
    const owner = await stat(join(data, 'postgres/cluster'));
    expect(owner.uid).not.toBe(0);
    await hub.stop();
    await rm(closed, { recursive: true, force: true });
  });
});

import { readdir, readFile } from 'node:fs/promises';

/** In the environment of every command that a job starts, and so of all that these start. */
export const jobMark = 'TIDEMARK_JOB';

/**
 * Ends the processes that a job left on this machine, also those that left its process group. Knows them
 * by their environment, which Linux shows; elsewhere nothing is found.
 */
export async function endProcesses(uid: string): Promise<void> {
  for (const { pid, uid: found } of await markedProcesses()) {
    if (found !== uid) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/** Processes of jobs that run on this machine, of whichever hub. */
export async function markedProcesses(): Promise<{ pid: number; uid: string }[]> {
  const names = process.platform === 'linux' ? await readdir('/proc').catch(() => []) : [];
  const pids = names.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // Gone, or another user's.
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      const mark = environment.split('\0').find((entry) => entry.startsWith(`${jobMark}=`));
      return mark === undefined ? [] : [{ pid: Number(pid), uid: mark.slice(jobMark.length + 1) }];
    }),
  );
  return found.flat();
}

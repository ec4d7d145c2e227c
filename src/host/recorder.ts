import { join } from 'node:path';
import type { LogEntry } from './log-segment.ts';
import { openAppendLog, type AppendLog } from './append-log.ts';

/** The flight recorder: one log an account, opened when first used. */
export interface Recorder {
  append(account: string, bodies: readonly string[]): Promise<{ seq: number }>;
  read(
    account: string,
    after: number,
    limit: number,
  ): Promise<{ entries: LogEntry[]; first: number; last: number }>;
  release(account: string, through: number): Promise<void>;
  close(): Promise<void>;
}

export function createRecorder(folder: string): Recorder {
  const logs = new Map<string, Promise<AppendLog>>();
  const logOf = (account: string): Promise<AppendLog> => {
    const known = logs.get(account);
    if (known !== undefined) return known;
    const opening = openAppendLog({ folder: join(folder, account) });
    logs.set(account, opening);
    // A disk that failed once is asked again by the next call.
    opening.catch(() => logs.delete(account));
    return opening;
  };
  return {
    append: async (account, bodies) => ({ seq: await (await logOf(account)).append(bodies) }),
    read: async (account, after, limit) => (await logOf(account)).read(after, limit),
    release: async (account, through) => (await logOf(account)).release(through),
    close: async () => {
      for (const log of logs.values()) await (await log.catch(() => null))?.close();
    },
  };
}

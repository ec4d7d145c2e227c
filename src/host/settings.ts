import type { UploadRules } from '../contract/host-rpc.ts';
import { readJson, writeDurably } from './files.ts';

/** What the host remembers between runs. */
export interface SettingsData {
  /** Port of browser mode: part of the page's origin, to which its database belongs. */
  port: number | null;
  hubPort: number | null;
  offlineByChoice: boolean;
  hubWanted: boolean;
  activeAccount: string | null;
  /** Bytes a second of all uploads together; null for no limit. */
  uploadLimit: number | null;
  annotationsOnly: boolean;
  /** Bytes that fetched media may take together; null for no limit. */
  cacheLimit: number | null;
  /** By account, how fast its server sent last; bytes a second. */
  fetchRates: Readonly<Record<string, number>>;
}

export interface Settings {
  get(): Readonly<SettingsData>;
  /** Resolves when it is on disk; memory changes after that. */
  change(change: Partial<SettingsData>): Promise<void>;
}

const initial: SettingsData = {
  port: null,
  hubPort: null,
  offlineByChoice: false,
  hubWanted: true,
  activeAccount: null,
  uploadLimit: null,
  annotationsOnly: false,
  cacheLimit: null,
  fetchRates: {},
};

export async function openSettings(path: string): Promise<Settings> {
  let data = parse(await readJson(path));
  let last: Promise<void> = Promise.resolve();
  return {
    get: () => data,
    change: (change) => {
      const write = async (): Promise<void> => {
        const next = { ...data, ...change };
        await writeDurably(path, JSON.stringify(next, null, 2));
        data = next;
      };
      const done = last.then(write);
      last = done.catch(() => {});
      return done;
    },
  };
}

export function uploadRulesOf(settings: Settings): UploadRules {
  const { uploadLimit, annotationsOnly } = settings.get();
  return { limit: uploadLimit, annotationsOnly };
}

/** Anything unreadable falls back to the default: settings hold no work of the user. */
function parse(value: unknown): SettingsData {
  if (typeof value !== 'object' || value === null) return initial;
  const { port, hubPort, offlineByChoice, hubWanted, activeAccount, uploadLimit, annotationsOnly } =
    value as Record<string, unknown>;
  const { cacheLimit, fetchRates } = value as Record<string, unknown>;
  return {
    port: isPort(port) ? port : null,
    hubPort: isPort(hubPort) ? hubPort : null,
    offlineByChoice: offlineByChoice === true,
    hubWanted: hubWanted !== false,
    activeAccount: typeof activeAccount === 'string' ? activeAccount : null,
    uploadLimit: typeof uploadLimit === 'number' && uploadLimit >= 1024 ? uploadLimit : null,
    annotationsOnly: annotationsOnly === true,
    cacheLimit: typeof cacheLimit === 'number' && cacheLimit >= 0 ? cacheLimit : null,
    fetchRates: ratesFrom(fetchRates),
  };
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65536;
}

function ratesFrom(value: unknown): Record<string, number> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0),
  );
}

import type { DexieDeviceOptions } from './dexie-device.ts';
import { DexieDevice, RealWork } from './dexie-device.ts';
import { runScript, type Outcome } from './run.ts';
import type { Script } from './script.ts';

export interface DexieWorld extends Pick<DexieDeviceOptions, 'dexie'> {
  /** Begins the names of its databases. */
  name: string;
  /** Resolves after whatever the runtime has ready, promises and events alike. */
  breathe: () => Promise<void>;
}

/** Runs one schedule with every device on a real database, which is removed afterwards. */
export async function runOnDexie(script: Script, options: DexieWorld): Promise<Outcome> {
  const { name, breathe, ...rest } = options;
  const work = new RealWork(breathe);
  const devices: DexieDevice[] = [];
  const outcome = await runScript(script, {
    atRest: work.atRest,
    makeDevice: (user, time, makeId) => {
      const device = new DexieDevice({ name: `${name}-${user}`, time, makeId, work, ...rest });
      devices.push(device);
      return device;
    },
  });
  for (const device of devices) await device.remove();
  return outcome;
}

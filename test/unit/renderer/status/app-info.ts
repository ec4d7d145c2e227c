import type { AppInfo } from '../../../../src/contract/host-rpc.ts';

/** A device with one signed-in account; a test changes what it is about. */
export function appInfo(change: Partial<AppInfo> = {}): AppInfo {
  return {
    version: '0.1.0',
    mode: 'browser',
    dataFolder: '/data',
    ffmpeg: { kind: 'found', path: '/usr/bin/ffmpeg', version: '5.1' },
    hub: { kind: 'stopped' },
    offlineByChoice: false,
    accounts: [
      {
        id: 'a1',
        host: 'https://tator.example.org',
        username: 'mara',
        userId: 3,
        displayName: 'Mara',
        embedded: false,
        signIn: 'signed-in',
      },
    ],
    activeAccount: 'a1',
    ...change,
  };
}

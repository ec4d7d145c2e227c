import { shellOf } from './connect.ts';

/** In the browser each tab brings an engine worker; on the desktop the engine has its own window. */
export function startEngineWorker(scope: Window): void {
  if (shellOf(scope) !== null) return;
  new Worker(new URL('../engine-worker.ts', import.meta.url), { type: 'module', name: 'engine' });
}

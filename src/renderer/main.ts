import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import './ui/controls.css';
import { mount } from 'svelte';
import { must } from '../base/assert.ts';
import { systemClock } from '../base/clock.ts';
import { createRpcClient } from '../contract/rpc.ts';
import { createBackend } from './backend/create-backend.ts';
import { openChannel } from './backend/connect.ts';
import { startEngineWorker } from './backend/start-engine-worker.ts';
import App from './views/App.svelte';

/** The composition root of a UI window or tab. */
function main(): void {
  const clock = systemClock();
  const host = createRpcClient(openChannel(window, clock));
  const backend = createBackend({ host, clock, scope: window });
  startEngineWorker(window);
  mount(App, { target: must(document.getElementById('app')), props: { backend } });
}

main();

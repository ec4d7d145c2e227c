import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';

const at = (path: string): string => resolve(import.meta.dirname, path);

/**
 * One build for both modes. `main` holds every Node program (Electron's main, the host as a utility
 * process, the host of browser mode, the hub); `renderer` holds the two pages, which both modes show.
 */
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      // Browser mode and the hub run on the Node of the machine, not on Electron's.
      target: 'node20.19',
      rolldownOptions: {
        input: {
          index: at('electron/main/index.ts'),
          host: at('src/host/entry-electron.ts'),
          browser: at('src/host/entry-node.ts'),
          hub: at('src/hub/entry.ts'),
        },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      rolldownOptions: {
        input: { index: at('electron/preload/index.ts') },
        // A sandboxed preload script must be CommonJS, in one file.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('src/renderer'),
    publicDir: at('resources/public'),
    plugins: [svelte({ configFile: false })],
    server: { host: '127.0.0.1', port: 5173, strictPort: false },
    build: {
      outDir: at('out/renderer'),
      target: 'es2023',
      // The polyfill would be an inline script, which the content security policy refuses.
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: { index: at('src/renderer/index.html'), engine: at('src/renderer/engine.html') },
      },
    },
  },
});

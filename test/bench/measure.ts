/** Times of one way to do a job, ms. */
export interface Series {
  name: string;
  times: readonly number[];
  /** Jobs done in a second, where several were done at once. */
  perSecond?: number;
}

/** One job done in two or more ways in the same run; the first way is ours. */
export interface Comparison {
  job: string;
  ways: readonly Series[];
}

export interface Figures {
  median: number;
  p95: number;
}

export function figuresOf(times: readonly number[]): Figures {
  if (times.length === 0) throw new Error('nothing was measured');
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { median: at(0.5), p95: at(0.95) };
}

/** `ratio` is how many times the median of our way each takes: above 1 ours is the faster. */
export function tableOf({ job, ways }: Comparison): string {
  const [ours] = ways;
  if (ours === undefined) throw new Error('nothing was compared');
  const base = figuresOf(ours.times).median;
  const rows = ways.map(({ name, times, perSecond }) => {
    const { median, p95 } = figuresOf(times);
    const rate = perSecond === undefined ? '' : perSecond.toFixed(1);
    const ratio = `${(median / base).toFixed(2)}x`;
    return [name, median.toFixed(2), p95.toFixed(2), ratio, String(times.length), rate];
  });
  const rated = ways.some(({ perSecond }) => perSecond !== undefined);
  const head = ['', 'median ms', 'p95 ms', 'ratio', 'runs', 'a second'];
  const cells = [head, ...rows].map((row) => (rated ? row : row.slice(0, -1)));
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return [job, ...cells.map((row) => `  ${line(row)}`)].join('\n');
}

/**
 * Runs all ways in turn, round by round, so that whatever else the machine does meets each of them.
 * The first round warms up and is not counted.
 */
export async function inTurn(
  ways: Readonly<Record<string, (round: number) => Promise<unknown>>>,
  rounds: number,
): Promise<Series[]> {
  const series = Object.entries(ways).map(([name, run]) => ({ name, run, times: [] as number[] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { run, times } of series) {
      const started = performance.now();
      await run(round);
      if (round > 0) times.push(performance.now() - started);
    }
  }
  return series.map(({ name, times }) => ({ name, times }));
}

/** Work that so many clients do at the same time. */
export interface Load {
  clients: number;
  run: () => Promise<unknown>;
}

/** As `inTurn`, for loads: in a round each client of a way does the work once. */
export async function loadInTurn(ways: Readonly<Record<string, Load>>, rounds: number): Promise<Series[]> {
  const series = Object.entries(ways).map(([name, load]) => ({
    name,
    load,
    times: [] as number[],
    spent: 0,
  }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const way of series) {
      const started = performance.now();
      const times = await Promise.all(Array.from({ length: way.load.clients }, () => timeOf(way.load.run)));
      if (round === 0) continue; // warms up
      way.times.push(...times);
      way.spent += performance.now() - started;
    }
  }
  return series.map(({ name, times, spent }) => ({ name, times, perSecond: (times.length / spent) * 1000 }));
}

async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

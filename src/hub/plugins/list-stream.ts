import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { ListForm } from '../call.ts';

/**
 * The bytes of a list, made while the rows are read. The first chunk is read before anything is sent,
 * so that a failing query is still answered as an error.
 */
export async function listStream(
  chunks: AsyncIterable<unknown[]>,
  { form, gzip }: { form: ListForm; gzip: boolean },
): Promise<Readable> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  const text = Readable.from(encode(form, first, iterator), { objectMode: false });
  // However it ends, also before it begins: a client that goes away must not keep a database connection.
  text.once('close', () => void iterator.return?.().catch(() => undefined));
  if (!gzip) return text;
  // Level 1: in local networks time matters more than the last percent. Unlike `pipe`, this ends one with
  // the other, both ways; a failure is told by the stream itself.
  return pipeline(text, createGzip({ level: 1 }), () => undefined);
}

async function* encode(
  form: ListForm,
  first: IteratorResult<unknown[]>,
  rest: AsyncIterator<unknown[]>,
): AsyncGenerator<string> {
  if (form.name === 'json') yield '[';
  if (form.name === 'csv') yield `${form.columns.join(',')}\n`;
  let separator = '';
  for (let chunk = first; chunk.done !== true; chunk = await rest.next()) {
    if (chunk.value.length === 0) continue;
    const lines = chunk.value.map((row) =>
      form.name === 'csv' ? csvLine(row, form.columns) : JSON.stringify(row),
    );
    yield form.name === 'json' ? separator + lines.join(',') : `${lines.join('\n')}\n`;
    separator = ',';
  }
  if (form.name === 'json') yield ']';
}

/** Quoted where a comma, a quote or a line break asks for it (the original never quotes). */
function csvLine(row: unknown, columns: readonly string[]): string {
  const values = row as Record<string, unknown>;
  return columns.map((column) => csvCell(values[column])).join(',');
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Gathers rows into chunks of at most `size`, shaping each. */
export async function* inChunks<Row, Shaped>(
  rows: AsyncIterable<Row>,
  size: number,
  shape: (row: Row) => Shaped,
): AsyncGenerator<Shaped[]> {
  let chunk: Shaped[] = [];
  for await (const row of rows) {
    chunk.push(shape(row));
    if (chunk.length >= size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

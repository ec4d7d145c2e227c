import { createHash } from 'node:crypto';

/** Makes a call and tells the digest of its answer's bytes; `value` is null where it is the known one. */
export async function digested(
  known: string,
  call: (isKnown: (bytes: Uint8Array) => boolean) => Promise<unknown>,
): Promise<{ value: unknown; digest: string }> {
  let digest = '';
  const value = await call((bytes) => {
    digest = createHash('sha256').update(bytes).digest('base64');
    return digest === known;
  });
  return { value, digest };
}

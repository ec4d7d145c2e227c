import { digestOf, sumOfPrints } from '../base/row-prints.ts';
import { printsOfList, quickDigest } from './list-prints.ts';

/**
 * Makes a call that is answered by a list, and tells what stands for the list: `digest` for all of it, `prints`
 * for each row. `value` is null, and no prints are told, where the digest is the known one. What is no list of
 * objects has no digest and is never known.
 */
export async function digested(
  known: string,
  call: (isKnown: (bytes: Uint8Array) => boolean) => Promise<unknown>,
): Promise<{ value: unknown; digest: string; prints: number[] }> {
  let told: { digest: string; prints: number[] } = { digest: '', prints: [] };
  const value = await call((bytes) => {
    if (known !== '' && quickDigest(bytes) === known) {
      told = { digest: known, prints: [] };
      return true;
    }
    const prints = printsOfList(bytes);
    if (prints === null) return false;
    const digest = digestOf(prints.length, sumOfPrints(prints) ?? 0);
    told = { digest, prints: digest === known ? [] : prints };
    return digest === known;
  });
  return { value, ...told };
}

import { elementalIdInLocal, type EntityKey } from '../../domain/identity.ts';
import type { Row } from '../features/inspector/annotation-row.ts';

/** The key under which an annotation is known now: its version may have got a row id since. */
export function presentKey(key: EntityKey, rows: readonly Pick<Row, 'key' | 'annotation'>[]): EntityKey {
  const id = elementalIdInLocal(key);
  if (id === null || rows.some((row) => row.key === key)) return key;
  return rows.find(({ annotation: { ref } }) => ref.elementalId === id)?.key ?? key;
}

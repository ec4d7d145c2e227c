import type { Choice } from './conflict-groups.ts';

export type ConflictAction =
  | { kind: 'move'; by: 1 | -1 }
  | { kind: 'choose'; choice: Choice }
  /** The answer is for all conflicts like this, or no longer. */
  | { kind: 'alike' }
  /** Takes the last answer back. */
  | { kind: 'undo' }
  /** Opens the media. */
  | { kind: 'open' };

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>;

/** What a key means in the list of conflicts; null leaves it to the page. */
export function actionOfKey(event: Key): ConflictAction | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  switch (event.key) {
    case 'ArrowDown':
      return { kind: 'move', by: 1 };
    case 'ArrowUp':
      return { kind: 'move', by: -1 };
    case 'm':
    case 'M':
      return { kind: 'choose', choice: 'mine' };
    case 't':
    case 'T':
      return { kind: 'choose', choice: 'theirs' };
    case 'a':
    case 'A':
      return { kind: 'alike' };
    case 'z':
    case 'Z':
      return { kind: 'undo' };
    case 'Enter':
      return { kind: 'open' };
    default:
      return null;
  }
}

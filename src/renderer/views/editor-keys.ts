import type { ToolName } from '../editor/tools/tool.ts';

export type EditorCommand =
  | { kind: 'step'; by: number }
  | {
      kind:
        | 'first'
        | 'last'
        | 'reverse'
        | 'pause'
        | 'forward'
        | 'delete'
        | 'undo'
        | 'redo'
        | 'cancel'
        | 'finish'
        | 'fit';
    }
  | { kind: 'tool'; tool: ToolName }
  | { kind: 'bookmark' }
  /** By its place in the list, 1 to 9. */
  | { kind: 'favorite'; nth: number };

export interface KeyFacts {
  key: string;
  shift: boolean;
  /** Ctrl, or Cmd on a Mac. */
  control: boolean;
  alt: boolean;
}

const TOOLS: Record<string, ToolName> = { v: 'select', b: 'box', l: 'line', d: 'dot', p: 'poly' };

/**
 * What a key means in the editor. `L` is both the line tool and "forward"; while something plays,
 * or with Shift, it is forward, as J and K are.
 */
export function commandOf({ key, shift, control, alt }: KeyFacts, playing: boolean): EditorCommand | null {
  const low = key.toLowerCase();
  if (control && !alt) {
    if (low === 'z') return { kind: shift ? 'redo' : 'undo' };
    return low === 'y' ? { kind: 'redo' } : null;
  }
  if (control || alt) return null;
  if (low === 'j') return { kind: 'reverse' };
  if (low === 'k') return { kind: 'pause' };
  if (low === 'l' && (playing || shift)) return { kind: 'forward' };
  const tool = TOOLS[low];
  if (tool !== undefined && !shift) return { kind: 'tool', tool };
  return plainKey(key, shift);
}

function plainKey(key: string, shift: boolean): EditorCommand | null {
  if (/^[1-9]$/.test(key)) return { kind: 'favorite', nth: Number(key) };
  switch (key) {
    case 'ArrowLeft':
      return { kind: 'step', by: shift ? -10 : -1 };
    case 'ArrowRight':
      return { kind: 'step', by: shift ? 10 : 1 };
    case ',':
      return { kind: 'step', by: -1 };
    case '.':
      return { kind: 'step', by: 1 };
    case 'Home':
      return { kind: 'first' };
    case 'End':
      return { kind: 'last' };
    case 'Delete':
    case 'Backspace':
      return { kind: 'delete' };
    case 'Escape':
      return { kind: 'cancel' };
    case 'Enter':
      return { kind: 'finish' };
    case 'm':
    case 'M':
      return shift ? null : { kind: 'bookmark' };
    case '0':
      return { kind: 'fit' };
    default:
      return null;
  }
}

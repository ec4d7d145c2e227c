import { toolKeys, type ToolName } from './tool-name.ts';

export type CanvasKey =
  | { readonly kind: 'cancel' | 'deselect' | 'finish' | 'fit' | 'hand' }
  | { readonly kind: 'tool'; readonly tool: ToolName }
  | { readonly kind: 'zoom'; readonly factor: number }
  /** Pixels of the media. */
  | { readonly kind: 'nudge'; readonly dx: number; readonly dy: number };

export interface KeyContext {
  /** A gesture is under way. */
  readonly busy: boolean;
  readonly tool: ToolName;
  readonly selects: boolean;
  /** The canvas takes the space bar. */
  readonly spaces: boolean;
}

/** The part of a keyboard event that counts. */
export type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const zoomStep = 1.25;

/** What a key means to the canvas; null where the view decides, for instance Delete and the plain arrows. */
export function canvasKeyOf(press: KeyPress, context: KeyContext): CanvasKey | null {
  if (press.altKey) return null;
  return press.ctrlKey || press.metaKey ? withCtrl(press, context) : plain(press, context);
}

function withCtrl({ key, shiftKey }: KeyPress, { selects }: KeyContext): CanvasKey | null {
  if (key === '+' || key === '=') return { kind: 'zoom', factor: zoomStep };
  if (key === '-') return { kind: 'zoom', factor: 1 / zoomStep };
  if (key === '0') return { kind: 'fit' };
  const way = arrows[key];
  if (way === undefined || !selects) return null;
  const far = shiftKey ? 10 : 1;
  return { kind: 'nudge', dx: way[0] * far, dy: way[1] * far };
}

function plain({ key }: KeyPress, { busy, tool, selects, spaces }: KeyContext): CanvasKey | null {
  if (key === 'Escape') {
    if (busy) return { kind: 'cancel' };
    if (tool !== 'select') return { kind: 'tool', tool: 'select' };
    return selects ? { kind: 'deselect' } : null;
  }
  if (key === 'Enter') return busy ? { kind: 'finish' } : null;
  if (key === ' ') return spaces ? { kind: 'hand' } : null;
  const chosen = toolKeys[key.toLowerCase()];
  return chosen === undefined ? null : { kind: 'tool', tool: chosen };
}

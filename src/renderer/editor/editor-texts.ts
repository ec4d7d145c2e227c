import type { EditorShape } from './editor-shape.ts';

const shapeNames = { box: 'Box', line: 'Line', dot: 'Dot', poly: 'Polygon', none: 'Annotation' } as const;

/** What the canvas says. */
export const editorTexts = {
  canvas: 'Annotation canvas',
  unconfirmed: 'Drawing is off until the frame on the screen is confirmed.',
  tooSmall: 'Too small to be meant. Drag to draw.',
  tracing: 'Click to add points. Enter, a double click or the first point closes; Esc cancels.',
  nothing: 'Nothing selected',
  selected: (shape: EditorShape): string =>
    `${shapeNames[shape.geometry.kind]}${shape.label === '' ? '' : ` ${shape.label}`} selected`,
} as const;

export type ToolName = 'select' | 'box' | 'line' | 'dot' | 'poly';

/** The letter that chooses a tool. */
export const toolKeys: Readonly<Record<string, ToolName>> = {
  v: 'select',
  b: 'box',
  l: 'line',
  d: 'dot',
  p: 'poly',
};

/** Texts of layers (versions) and labels (leaves). */
export const enCatalog = {
  'layers.inUse': 'There are annotations in the layer',
  'layers.inUse.body':
    'A layer is taken away only when it is empty. Delete its annotations first; nothing was changed.',
  'labels.inUse': 'There are other labels below it',
  'labels.inUse.body':
    'A label is taken away only when none is below it. Move or delete those first; nothing was changed.',
} as const;

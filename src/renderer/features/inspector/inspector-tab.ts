/** The lists of the inspector. */
export type InspectorTab = 'selected' | 'frame' | 'all' | 'bookmarks';

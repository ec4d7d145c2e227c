export type Theme = 'system' | 'dark' | 'light';

/** In the order in which they are offered. */
export const themes: readonly Theme[] = ['system', 'dark', 'light'];

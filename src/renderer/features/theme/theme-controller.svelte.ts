export type Theme = 'system' | 'dark' | 'light';

const KEY = 'tidemark.theme';

/** The theme that the user chose, kept on this device, and what it means now. */
export class ThemeController {
  choice = $state<Theme>('system');
  #systemIsLight = $state(false);
  readonly #window: Window;

  constructor(scope: Window) {
    this.#window = scope;
    const stored = scope.localStorage.getItem(KEY);
    if (stored === 'dark' || stored === 'light') this.choice = stored;
  }

  readonly effective = $derived.by((): 'dark' | 'light' =>
    this.choice === 'system' ? (this.#systemIsLight ? 'light' : 'dark') : this.choice,
  );

  /** Follows the system and other tabs; returns the stop. */
  start(): () => void {
    const query = this.#window.matchMedia('(prefers-color-scheme: light)');
    const follow = (): void => {
      this.#systemIsLight = query.matches;
    };
    const adopt = (event: StorageEvent): void => {
      if (event.key === KEY && isTheme(event.newValue)) this.choice = event.newValue;
    };
    follow();
    query.addEventListener('change', follow);
    this.#window.addEventListener('storage', adopt);
    return () => {
      query.removeEventListener('change', follow);
      this.#window.removeEventListener('storage', adopt);
    };
  }

  choose(theme: Theme): void {
    this.choice = theme;
    this.#window.localStorage.setItem(KEY, theme);
  }
}

function isTheme(value: unknown): value is Theme {
  return value === 'system' || value === 'dark' || value === 'light';
}

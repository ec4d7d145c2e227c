import { createContext } from 'svelte';

export interface Toast {
  id: number;
  tone: 'info' | 'danger';
  title: string;
  body: string;
}

/** Short notices that never take the focus; what went wrong stays until it is closed. */
export class Toasts {
  list = $state<Toast[]>([]);
  #last = 0;

  show(toast: Omit<Toast, 'id'>): void {
    const id = ++this.#last;
    this.list = [...this.list.slice(-3), { ...toast, id }];
    if (toast.tone === 'info') setTimeout(() => this.close(id), 6000);
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const [useToasts, provideToasts] = createContext<Toasts>();

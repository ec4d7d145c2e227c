import type { Fault } from '../contract/errors.ts';

/**
 * What the Electron main process and the host process tell each other. Pages never see these; a page
 * gets a message port of its own, which travels beside a `page` message.
 */
export type ShellToHost =
  | { kind: 'init'; dataFolder: string; rendererFolder: string; hubEntry: string }
  /** A page wants to speak; its port is the first of the transferred ones. */
  | { kind: 'page' }
  | { kind: 'secret'; id: number; value: string | null }
  | { kind: 'power'; event: 'suspend' | 'resume' }
  | { kind: 'stop' };

export type HostToShell =
  /** Files are served at `address` to whoever sends `authorization` as the header of that name. */
  | { kind: 'ready'; address: string; authorization: string }
  | { kind: 'failed'; fault: Fault }
  /** The operating system's key chain lives in the main process. Both texts are base64 or null. */
  | { kind: 'encrypt'; id: number; text: string }
  | { kind: 'decrypt'; id: number; data: string }
  | { kind: 'stopped' };

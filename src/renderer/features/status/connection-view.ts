import type { AppInfo } from '../../../contract/host-rpc.ts';
import type { Connection } from '../../../sync/ports.ts';
import { statusStrings as t } from '../../strings/status.en.ts';

export interface ConnectionInputs {
  connection: Connection;
  /** The transport between this page and the host process is up. */
  hostConnected: boolean;
  /** Null until the host told it. */
  info: AppInfo | null;
  /** Local time, ms. */
  now: number;
}

export interface ConnectionView {
  tone: 'ok' | 'quiet' | 'warn' | 'danger';
  text: string;
  /** The part that changes every second; kept apart so that it is not read aloud each time. */
  countdown: string | null;
}

/**
 * What the user is told of the connection. What this page sees itself (the host is gone, offline
 * by choice) goes before what the engine last wrote, for a dead engine writes nothing more.
 */
export function connectionView(inputs: ConnectionInputs): ConnectionView {
  const { connection, info } = inputs;
  if (!inputs.hostConnected) return still('danger', t.connection.hostGone);
  if (info?.offlineByChoice === true) return still('quiet', t.connection.byChoice);
  if (info !== null && info.activeAccount === null) return still('warn', t.connection.noAccount);
  switch (connection.kind) {
    case 'starting':
      return still('quiet', t.connection.starting);
    case 'online':
      return still('ok', t.connection.online(serverName(info)));
    case 'sign-in-needed':
      return still('warn', t.connection.signIn);
    case 'offline':
      return offlineView(connection, inputs.now);
  }
}

function offlineView(connection: Extract<Connection, { kind: 'offline' }>, now: number): ConnectionView {
  switch (connection.reason) {
    case 'by-choice':
      // The engine has not yet heard that it was switched off again.
      return still('quiet', t.connection.byChoice);
    case 'host-gone':
      return still('danger', t.connection.hostGone);
    case 'unreachable':
      return {
        tone: 'warn',
        text: t.connection.unreachable,
        countdown: connection.retryAt === null ? null : countdownText(connection.retryAt, now),
      };
  }
}

/** `retry in 12 s`; rounded up, so that it never says 0. */
export function countdownText(retryAt: number, now: number): string {
  const seconds = Math.ceil((retryAt - now) / 1000);
  return seconds <= 0 ? t.retrying : t.retryIn(seconds);
}

/** The server in use, short: `tator.example.org`, `192.168.1.4:8080`, or the built-in one. */
export function serverName(info: AppInfo | null): string {
  const account = info?.accounts.find(({ id }) => id === info.activeAccount);
  if (account === undefined || account.embedded) return t.builtInServer;
  return account.host.replace(/^https?:\/\//, '');
}

function still(tone: ConnectionView['tone'], text: string): ConnectionView {
  return { tone, text, countdown: null };
}

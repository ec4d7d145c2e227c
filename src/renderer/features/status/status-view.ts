import type { AppInfo, HubState, Upload } from '../../../contract/host-rpc.ts';
import type { OutboxCounts, SyncStatus } from '../../../sync/ports.ts';
import { statusStrings as t } from '../../strings/status.en.ts';
import { connectionView, type ConnectionView } from './connection-view.ts';
import { summariseUploads, uploadsView, type UploadsView } from './summarise-uploads.ts';

export interface StatusInputs {
  status: SyncStatus;
  counts: OutboxCounts;
  hostConnected: boolean;
  info: AppInfo | null;
  uploads: readonly Upload[];
  /** Local time, ms. */
  now: number;
}

/** Everything that the status bar shows. */
export interface StatusView {
  connection: ConnectionView;
  counts: OutboxCounts;
  /** The newest problem that needs a person, in words. */
  problem: string | null;
  uploads: UploadsView;
  /** Null where this installation has no built-in server. */
  hub: { tone: 'ok' | 'quiet' | 'danger'; text: string } | null;
  synced: string;
  ffmpegMissing: boolean;
}

export function statusView(inputs: StatusInputs): StatusView {
  const { status, info } = inputs;
  return {
    connection: connectionView({ ...inputs, connection: status.connection }),
    counts: inputs.counts,
    problem: status.problem?.message ?? null,
    uploads: uploadsView(summariseUploads(inputs.uploads)),
    // Without the host nobody knows; saying nothing is the truth.
    hub: info === null || !inputs.hostConnected ? null : hubView(info.hub),
    synced: syncedText(status),
    ffmpegMissing: info?.ffmpeg.kind === 'missing',
  };
}

export function hubView(hub: HubState): StatusView['hub'] {
  switch (hub.kind) {
    case 'disabled':
      return null;
    case 'running':
      return { tone: 'ok', text: t.hub.running };
    case 'starting':
      return { tone: 'quiet', text: t.hub.starting };
    case 'stopped':
      return { tone: 'quiet', text: t.hub.stopped };
    case 'failed':
      return { tone: 'danger', text: t.hub.failed };
  }
}

/** What the engine does, or when it last came to rest: a time of day, so that it need not tick. */
export function syncedText(status: SyncStatus): string {
  if (status.connection.kind === 'online' && status.activity !== 'idle') return t.activity[status.activity];
  return status.lastSyncedAt === null ? t.neverSynced : t.syncedAt(timeOfDay(status.lastSyncedAt));
}

function timeOfDay(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

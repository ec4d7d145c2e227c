import { describe, expect, it } from 'vitest';
import type { AppInfo, Upload } from '../../../../src/contract/host-rpc.ts';
import type { Connection } from '../../../../src/sync/ports.ts';
import {
  connectionView,
  countdownText,
  serverName,
} from '../../../../src/renderer/features/status/connection-view.ts';
import { hubView, syncedText } from '../../../../src/renderer/features/status/status-view.ts';
import { summariseUploads, uploadsView } from '../../../../src/renderer/features/status/summarise-uploads.ts';
import { appInfo } from './app-info.ts';

function view(connection: Connection, options: { info?: AppInfo | null; hostConnected?: boolean } = {}) {
  return connectionView({ connection, hostConnected: true, info: appInfo(), now: 1000, ...options });
}

describe('the connection in words', () => {
  it('names the server without its scheme when online', () => {
    expect(view({ kind: 'online' })).toEqual({
      tone: 'ok',
      text: 'Online to tator.example.org',
      countdown: null,
    });
  });

  it('calls the embedded hub the built-in server', () => {
    const account = { ...appInfo().accounts[0]!, embedded: true, host: 'http://127.0.0.1:4000' };
    expect(serverName(appInfo({ accounts: [account] }))).toBe('built-in server');
  });

  it('says offline by choice at once, even while the engine still believes to be online', () => {
    expect(view({ kind: 'online' }, { info: appInfo({ offlineByChoice: true }) }).text).toBe(
      'Working offline',
    );
  });

  it('keeps the countdown apart from the text that is read aloud', () => {
    const offline: Connection = { kind: 'offline', reason: 'unreachable', retryAt: 8500 };
    expect(view(offline)).toMatchObject({ text: 'Server unreachable', countdown: 'retry in 8 s' });
  });

  it('rounds the countdown up and never says zero seconds', () => {
    expect(countdownText(1001, 1000)).toBe('retry in 1 s');
    expect(countdownText(1000, 1000)).toBe('retrying now');
    expect(countdownText(500, 1000)).toBe('retrying now');
  });

  it('lets a silent background process outrank everything else', () => {
    const gone = view({ kind: 'online' }, { hostConnected: false, info: appInfo({ offlineByChoice: true }) });
    expect(gone).toMatchObject({ tone: 'danger', text: 'Background process does not answer' });
    expect(view({ kind: 'offline', reason: 'host-gone', retryAt: null }).text).toBe(gone.text);
  });

  it('asks for a sign-in, and tells that there is no account from one that ran out', () => {
    expect(view({ kind: 'sign-in-needed' }).text).toBe('Sign in needed');
    expect(view({ kind: 'starting' }, { info: appInfo({ activeAccount: null }) }).text).toBe('Not signed in');
  });
});

describe('the uploads in one line', () => {
  const upload = (state: Upload['state']): Upload => ({
    mediaKey: JSON.stringify(state),
    account: 'a1',
    projectId: 1,
    mediaId: 1,
    name: 'dive.mp4',
    size: 1000,
    order: 0,
    parts: { done: 0, total: 0 },
    speed: null,
    state,
  });
  const line = (...states: Upload['state'][]) => uploadsView(summariseUploads(states.map(upload)));
  const failed: Upload['state'] = {
    kind: 'failed',
    fault: { code: 'file-gone', message: 'gone' },
    kept: '',
    remedy: '',
  };

  it('weighs progress by bytes, not by files', () => {
    const sent = line({ kind: 'sending', done: 10, total: 10 }, { kind: 'sending', done: 0, total: 990 });
    expect(sent).toMatchObject({ text: '2 uploading 1 %', fraction: 0.01 });
  });

  it('does not say 100 % before the last byte is sent', () => {
    expect(line({ kind: 'sending', done: 9999, total: 10000 }).text).toBe('1 uploading 99 %');
  });

  it('shows what needs the user before what moves', () => {
    expect(line({ kind: 'sending', done: 1, total: 2 }, failed)).toMatchObject({
      tone: 'danger',
      text: '1 upload failed',
      fraction: 0.5,
    });
  });

  it('gives no share of a conversion of which the server tells none', () => {
    const both = line({ kind: 'transcoding', fraction: 0.5 }, { kind: 'transcoding', fraction: null });
    expect(both).toMatchObject({ text: '2 transcoding', fraction: null });
    expect(line({ kind: 'transcoding', fraction: 0.42 }).text).toBe('1 transcoding 42 %');
  });

  it('is quiet when all are done', () => {
    expect(line({ kind: 'done' })).toEqual({ tone: 'quiet', text: 'No uploads', fraction: null });
  });

  it('counts a held upload as waiting', () => {
    expect(line({ kind: 'held', fault: { code: 'offline', message: '' }, retryAt: null }).text).toBe(
      '1 upload waits',
    );
  });
});

describe('the rest of the bar', () => {
  it('leaves the built-in server out where the installation has none', () => {
    expect(hubView({ kind: 'disabled' })).toBeNull();
    expect(hubView({ kind: 'failed', fault: { code: 'hub-failed', message: '' } })?.tone).toBe('danger');
  });

  it('tells what the engine does, else when it last came to rest', () => {
    const at = new Date(2026, 2, 4, 9, 5).getTime();
    const rest = {
      connection: { kind: 'online' },
      activity: 'idle',
      lastSyncedAt: at,
      problem: null,
    } as const;
    expect(syncedText(rest)).toBe('Synced 09:05');
    expect(syncedText({ ...rest, activity: 'pushing' })).toBe('Sending…');
    expect(syncedText({ ...rest, lastSyncedAt: null })).toBe('Not synced yet');
  });

  it('does not claim to send while the server cannot be reached', () => {
    const connection: Connection = { kind: 'offline', reason: 'unreachable', retryAt: null };
    expect(syncedText({ connection, activity: 'pushing', lastSyncedAt: null, problem: null })).toBe(
      'Not synced yet',
    );
  });
});

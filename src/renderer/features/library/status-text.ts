import { t } from '../../strings/t.ts';
import type { CardStatus } from './media-card.ts';

/** One honest line about where a media stands. */
export function statusText(status: CardStatus): string {
  switch (status.kind) {
    case 'working':
    case 'resting':
      return t(`stage.${status.what}`);
    case 'uploading':
      return t('stage.uploading', { done: status.done, total: status.total });
    case 'transcoding':
      return t('stage.transcoding');
    case 'failed':
      return `${t(status.retry === 'upload' ? 'stage.uploadFailed' : 'stage.failed')}: ${status.message}`;
    case 'remote':
      return t('library.notHere');
  }
}

export function toneOf(status: CardStatus): 'busy' | 'ok' | 'warn' | 'danger' | 'quiet' {
  if (status.kind === 'failed') return 'danger';
  if (status.kind === 'resting')
    return status.what === 'ready' ? 'ok' : status.what === 'held' ? 'warn' : 'quiet';
  return status.kind === 'remote' ? 'quiet' : 'busy';
}

import { packsStrings } from '../../strings/packs.en.ts';
import { t } from '../../strings/t.ts';
import type { CardStatus, FetchingStatus } from './media-card.ts';

/** One honest line about where a media stands. */
export function statusText(status: CardStatus): string {
  switch (status.kind) {
    case 'working':
    case 'resting':
      return t(`stage.${status.what}`);
    case 'fetching': {
      const why = status.trouble?.message ?? '';
      if (status.state === 'held') return packsStrings.card.held(why);
      const text = packsStrings.card[status.state];
      return status.state === 'failed' ? `${text}: ${why}` : text;
    }
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

type Tone = 'busy' | 'ok' | 'warn' | 'danger' | 'quiet';

const fetchTones: Readonly<Record<FetchingStatus['state'], Tone>> = {
  waiting: 'quiet',
  receiving: 'busy',
  checking: 'busy',
  paused: 'warn',
  held: 'warn',
  failed: 'danger',
};

export function toneOf(status: CardStatus): Tone {
  if (status.kind === 'failed') return 'danger';
  if (status.kind === 'fetching') return fetchTones[status.state];
  if (status.kind === 'resting')
    return status.what === 'ready' ? 'ok' : status.what === 'held' ? 'warn' : 'quiet';
  return status.kind === 'remote' ? 'quiet' : 'busy';
}

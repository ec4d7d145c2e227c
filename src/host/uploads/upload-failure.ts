import { errorCatalogue, TidemarkError, type ErrorCode, type Fault } from '../../contract/errors.ts';
import type { UploadState } from '../../contract/host-rpc.ts';

/** What follows from a failure of an upload; pure. */
export type Consequence =
  /** Wait and try again; nothing is lost. */
  | { kind: 'retry' }
  /** Only an event can help: the user signs in, or switches "work offline" off. */
  | { kind: 'wait' }
  /** Only the user can help. */
  | { kind: 'fail' };

export function consequenceOf(fault: Fault): Consequence {
  if (fault.code === 'offline-by-choice') return { kind: 'wait' };
  // A permission that was taken away may be given back: it is asked for about once a minute.
  if (fault.code === 'forbidden') return { kind: 'retry' };
  switch (errorCatalogue[fault.code].advice) {
    case 'retry':
      return { kind: 'retry' };
    case 'sign-in':
      return { kind: 'wait' };
    case 'ask':
    case 'stop':
      return { kind: 'fail' };
  }
}

/** Why files wait while only annotations are to be sent; they go on when the user says so. */
export function heldBack(): TidemarkError {
  return new TidemarkError('offline-by-choice', { message: 'Only annotations are sent for now.' });
}

export function failedUpload(fault: Fault): UploadState {
  return {
    kind: 'failed',
    fault,
    kept: keptText(fault.code),
    remedy: remedies[fault.code] ?? 'Choose Retry.',
  };
}

function keptText(code: ErrorCode): string {
  return code === 'file-changed'
    ? 'Your annotations are kept, and so is what was uploaded of the earlier file.'
    : 'Your annotations and the parts that arrived are kept.';
}

const remedies: Partial<Record<ErrorCode, string>> = {
  'file-gone': 'Put the file back or connect its drive, then choose Retry.',
  'file-changed': 'Put the earlier file back and choose Retry, or add the changed file as a new media.',
  'file-unreadable': 'Check the permissions of the file, then choose Retry.',
  'file-empty': 'Remove this media and add the file again.',
  forbidden: 'Ask for the right "Can Transfer" in this project, then choose Retry.',
  'not-found': 'The media may have been deleted on the server. Choose Retry, or add the file again.',
  'transcode-failed': 'Choose Retry to have the server convert it again.',
  'disk-full': 'Free some space, then choose Retry.',
};

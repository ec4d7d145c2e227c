import type { ErrorCode, Fault } from '../../contract/errors.ts';
import { faultOf } from '../../contract/errors.ts';
import type { LocalMediaStage } from '../../contract/host-rpc.ts';
import { MediaError, type MediaErrorCode } from '../../media/error.ts';
import { diskError } from '../files.ts';

const codes: Readonly<Record<MediaErrorCode, ErrorCode>> = {
  'file-gone': 'file-gone',
  'file-unreadable': 'file-unreadable',
  'empty-file': 'file-empty',
  'not-media': 'file-not-media',
  damaged: 'file-damaged',
  unsupported: 'file-not-media',
  'tools-missing': 'tool-missing',
  'tool-failed': 'transcode-failed',
  'transcode-mismatch': 'transcode-failed',
  'no-such-frame': 'transcode-failed',
  'disk-full': 'disk-full',
};

/** An error of the media room, of the disk or of ours, as the catalogue has it. */
export function mediaFault(thrown: unknown): Fault {
  if (!(thrown instanceof MediaError)) return faultOf(diskError(thrown));
  const { detail, message } = thrown;
  return { code: codes[thrown.code], message, ...(detail === undefined ? {} : { detail }) };
}

/** The stage of a media that cannot go on: what happened, what was kept, what the user can do. */
export function failedStage(fault: Fault, facts: { copied: boolean }): LocalMediaStage {
  const kept = facts.copied
    ? 'Your own file was not touched; the copy that arrived is kept.'
    : 'Your own file was not touched.';
  return { kind: 'failed', fault, kept, remedy: remedies[fault.code] ?? remedies.internal };
}

/** Of a media that is fetched from a server: its files there are not touched by anything that goes wrong here. */
export function fetchFailure(fault: Fault): Extract<LocalMediaStage, { kind: 'failed' }> {
  const kept = 'The media on the server, and what has arrived of it.';
  const remedy = fetchRemedies[fault.code] ?? remedies[fault.code] ?? remedies.internal;
  return { kind: 'failed', fault, kept, remedy };
}

const fetchRemedies: Partial<Record<ErrorCode, string>> = {
  'disk-full':
    'Free some space or remove media that you do not need from this device, then resume: it goes on where it stopped.',
  'disk-failed': 'Check the disk, then resume.',
  'not-found': 'Ask the people of the project whether the media is still on the server, then resume.',
  forbidden: 'Ask the people of the project for permission, then resume.',
  'file-damaged':
    'Resume to fetch it once more. If that fails again, the file on the server is damaged: tell the people who run it.',
};

const remedies: Partial<Record<ErrorCode, string>> & { internal: string } = {
  'file-empty': 'Check the recording on the camera or the card, then add the file again.',
  'file-not-media': 'Add a video or an image. If it is one, convert it to MP4 (H.264) first.',
  'file-damaged': 'Copy the file from the camera or the card again, then add it again.',
  'file-gone': 'Put the file back or connect its drive, then choose Retry.',
  'file-changed': 'Add the changed file as a new media, or put the old one back and choose Retry.',
  'file-unreadable': 'Check the permissions of the file, then choose Retry.',
  'tool-missing': 'Install ffmpeg, then choose Retry.',
  'transcode-failed': 'Choose Retry; if it fails again, convert the file to MP4 (H.264) and add that.',
  'disk-full': 'Free some space, then choose Retry.',
  'disk-failed': 'Check the disk, then choose Retry.',
  cancelled: 'Add the file again to go on where it stopped.',
  internal: 'Choose Retry.',
};

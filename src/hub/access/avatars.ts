import { Readable } from 'node:stream';
import { badRequest } from '../errors.ts';

const LARGEST = 1024 * 1024;

/** First bytes of the two kinds of pictures that may be an avatar. */
const kinds = [
  { ending: 'png', magic: Buffer.from('89504e470d0a1a0a', 'hex') },
  { ending: 'jpg', magic: Buffer.from('ffd8ff', 'hex') },
] as const;

export interface Avatar {
  key: string;
  content: Readable;
}

/**
 * A picture sent as base64, with the key under which it is kept. Keys of avatars name no project.
 * @throws HubError 400 for anything but a PNG or JPEG of at most 1 MiB.
 */
export function readAvatar(base64: string, user: number, id: string): Avatar {
  const text = base64.replace(/^data:image\/(png|jpeg);base64,/, '');
  if (text.length > Math.ceil(LARGEST / 3) * 4) throw badRequest('An avatar has at most 1 MiB.');
  const bytes = Buffer.from(text, 'base64');
  const kind = kinds.find(({ magic }) => bytes.subarray(0, magic.length).equals(magic));
  if (!kind) throw badRequest('An avatar must be a PNG or JPEG picture in base64.');
  return { key: `_avatars/user-${user}/${id}.${kind.ending}`, content: Readable.from([bytes]) };
}

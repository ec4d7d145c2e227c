import type { HubClient } from './hub.ts';
import type { SampleIds } from './hub-sample.ts';

interface Slot {
  urls: string[];
  key: string;
}

/** Stores bytes below the media, as an uploader does; their key. */
export async function storeFor(
  call: HubClient,
  { project }: SampleIds,
  { media, name, bytes }: { media?: number; name: string; bytes: Uint8Array },
): Promise<string> {
  const of = media === undefined ? '' : `&media_id=${media}`;
  const slot = await call<Slot>('GET', `/rest/UploadInfo/${project}?num_parts=1&filename=${name}${of}`);
  const put = await fetch(slot.body.urls[0] ?? '', { method: 'PUT', body: new Uint8Array(bytes) });
  if (!put.ok) throw new Error(`the upload was refused: ${put.status}`);
  return slot.body.key;
}

interface NewMedia {
  name: string;
  bytes: Uint8Array;
  /** [height, width] */
  resolution: [number, number];
}

async function makeMedia(
  call: HubClient,
  ids: SampleIds,
  spec: { type: number; name: string },
): Promise<number> {
  const reply = await call('POST', `/rest/Medias/${ids.project}`, { ...spec, md5: '0'.repeat(32) });
  if (reply.status !== 201) throw new Error(`the media was not made: ${reply.body.message}`);
  return reply.body.id;
}

/** A video whose only file is the given one, as it is. */
export async function makeVideoOf(
  call: HubClient,
  ids: SampleIds,
  { name, bytes, resolution }: NewMedia,
): Promise<number> {
  const media = await makeMedia(call, ids, { type: ids.video, name });
  const path = await storeFor(call, ids, { media, name, bytes });
  const entry = { path, resolution, codec: 'h264', size: bytes.length };
  const reply = await call('POST', `/rest/VideoFiles/${media}?role=archival`, entry);
  if (reply.status !== 201) throw new Error(`the file was not added: ${reply.body.message}`);
  return media;
}

/** An image media with the given file. */
export async function makeImageOf(
  call: HubClient,
  ids: SampleIds,
  { name, bytes, resolution }: NewMedia,
): Promise<number> {
  const media = await makeMedia(call, ids, { type: ids.image, name });
  const path = await storeFor(call, ids, { media, name, bytes });
  const entry = { path, resolution, mime: 'image/png', size: bytes.length };
  const reply = await call('POST', `/rest/ImageFiles/${media}?role=image`, entry);
  if (reply.status !== 201) throw new Error(`the file was not added: ${reply.body.message}`);
  return media;
}

export interface PictureReply {
  status: number;
  headers: Headers;
  bytes: Buffer;
}

/** GETs a picture, or whatever else is answered, as bytes. */
export async function getPicture(
  url: string,
  token: string,
  headers: Record<string, string> = {},
): Promise<PictureReply> {
  const reply = await fetch(url, { headers: { authorization: `Token ${token}`, ...headers } });
  return { status: reply.status, headers: reply.headers, bytes: Buffer.from(await reply.arrayBuffer()) };
}

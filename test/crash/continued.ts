import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HubClient } from '../support/hub.ts';
import type { SampleIds } from '../support/hub-sample.ts';

const clip = fileURLToPath(new URL('../../resources/sample/dive.mp4', import.meta.url));
/** Bytes; the hub has no smallest part. */
const partSize = 60_000;
const PATIENCE_MS = 180_000;

interface HalfUpload {
  key: string;
  upload_id: string;
  urls: string[];
  parts: Buffer[];
  /** ETag of the first part, once it was acknowledged. */
  first?: string;
}

/** What goes on over a kill: uploads that wait for their second half, keyed requests, transcodes. */
export class Continued {
  readonly #call: HubClient;
  readonly #ids: SampleIds;
  #uploads: HalfUpload[] = [];
  /** Names of bookmarks that were asked for under a key, answered or not. */
  #keyed: { name: string; answered: boolean }[] = [];
  readonly #transcodes: string[] = [];
  readonly counts = { resumedUploads: 0, keyed: 0, transcodes: 0 };

  constructor(call: HubClient, ids: SampleIds) {
    this.#call = call;
    this.#ids = ids;
  }

  /** Begins one of each; what the kill cuts off is taken up by `resume`. */
  async begin(): Promise<void> {
    await Promise.all([this.#beginUpload(), this.#beginKeyed(), this.#beginTranscode()].map(untilGone));
  }

  /** After a restart: sends what is missing, and no more. What is wrong comes back. */
  async resume(): Promise<string[]> {
    const uploads = this.#uploads.filter(({ first }) => first !== undefined);
    const keyed = this.#keyed.filter(({ answered }) => !answered);
    this.#uploads = [];
    const problems = await Promise.all([
      ...uploads.map((upload) => this.#finish(upload)),
      ...keyed.map(async (one) => {
        await this.#post(one);
        return undefined;
      }),
    ]);
    return problems.filter((problem) => problem !== undefined);
  }

  /** At the end: every keyed request took effect once, every transcode came to its end. */
  async problems(): Promise<string[]> {
    const { body } = await this.#call<{ name: string }[]>('GET', `/rest/Bookmarks/${this.#ids.project}`);
    const wrong = this.#keyed.flatMap(({ name }) => {
      const times = body.filter((bookmark) => bookmark.name === name).length;
      return times === 1 ? [] : [`the keyed request ${name} took effect ${times} times`];
    });
    for (const uid of this.#transcodes) {
      const status = await this.#endOf(uid);
      if (status !== 'Succeeded') wrong.push(`the transcode ${uid} is ${status}`);
    }
    return wrong;
  }

  async #beginUpload(): Promise<void> {
    const parts = [randomBytes(partSize), randomBytes(partSize / 2)];
    const path = `/rest/UploadInfo/${this.#ids.project}?num_parts=2`;
    const info = await this.#call<{ urls: string[]; key: string; upload_id: string }>('GET', path);
    if (info.status !== 200) return;
    const upload: HalfUpload = { ...info.body, parts };
    this.#uploads.push(upload);
    const etag = await put(upload.urls[0], parts[0]);
    if (etag !== undefined) upload.first = etag;
  }

  async #finish({ key, upload_id, urls, parts, first }: HalfUpload): Promise<string | undefined> {
    const { project } = this.#ids;
    const query = `key=${encodeURIComponent(key)}&upload_id=${encodeURIComponent(upload_id)}`;
    const listed = await this.#call<{ PartNumber: number; ETag: string }[]>(
      'GET',
      `/rest/TidemarkHub/Parts/${project}?${query}`,
    );
    if (listed.body[0]?.ETag !== first) return `the acknowledged part of ${key} is not listed`;
    const second = await put(urls[1], parts[1]);
    const list = [first, second].map((ETag, i) => ({ PartNumber: i + 1, ETag }));
    const body = { key, upload_id, parts: list };
    const done = await this.#call('POST', `/rest/UploadCompletion/${project}`, body);
    if (done.status !== 201) return `${key} was not completed: ${done.body.message}`;
    const signed = await this.#call<{ url: string }[]>('POST', `/rest/DownloadInfo/${project}`, {
      keys: [key],
    });
    const bytes = Buffer.from(await (await fetch(signed.body[0]?.url ?? '')).arrayBuffer());
    this.counts.resumedUploads += 1;
    return md5(bytes) === md5(Buffer.concat(parts)) ? undefined : `${key} is not what was uploaded`;
  }

  async #beginKeyed(): Promise<void> {
    const one = { name: randomUUID(), answered: false };
    this.#keyed.push(one);
    this.counts.keyed += 1;
    await this.#post(one);
  }

  async #post(one: { name: string; answered: boolean }): Promise<void> {
    const path = `/rest/Bookmarks/${this.#ids.project}`;
    const headers = { 'idempotency-key': one.name };
    const reply = await this.#call('POST', path, { name: one.name, uri: '/' }, headers);
    one.answered = reply.status === 201;
  }

  async #beginTranscode(): Promise<void> {
    const { project, video } = this.#ids;
    const info = await this.#call<{ urls: string[] }>('GET', `/rest/UploadInfo/${project}`);
    const url = info.body.urls[0] ?? '';
    if ((await put(url, await readFile(clip))) === undefined) return;
    const spec = { type: video, gid: randomUUID(), uid: randomUUID(), url, name: 'crash.mp4', md5: '0' };
    const made = await this.#call<{ id: string }>('POST', `/rest/Transcodes/${project}`, {
      ...spec,
      section: 'Kills',
    });
    if (made.status !== 201) return;
    this.#transcodes.push(made.body.id);
    this.counts.transcodes += 1;
  }

  async #endOf(uid: string): Promise<string> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const { body } = await this.#call<{ job: { status: string } }>('GET', `/rest/Transcode/${uid}`);
      const { status } = body.job;
      if ((status !== 'Pending' && status !== 'Running') || Date.now() > end) return status;
      await wait(300);
    }
  }
}

/** A call that the kill cut off was not acknowledged. */
async function untilGone(work: Promise<void>): Promise<void> {
  await work.catch(() => undefined);
}

async function put(url: string | undefined, bytes: Buffer | undefined): Promise<string | undefined> {
  const reply = await fetch(url ?? '', { method: 'PUT', body: new Uint8Array(bytes ?? []) });
  return reply.status === 200 ? (reply.headers.get('etag') ?? undefined) : undefined;
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

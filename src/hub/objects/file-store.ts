import { randomBytes, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import {
  copyFile,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { badRequest, notFound } from '../errors.ts';
import { pathOfKey } from './keys.ts';
import {
  requireOrder,
  type ByteRange,
  type ObjectInfo,
  type ObjectStore,
  type PartReference,
  type StoredPart,
} from './object-store.ts';
import { spool } from './spool.ts';

/** A part that a completion names. */
interface Part {
  number: number;
  md5: string;
}

const DAY_MS = 86_400_000;

/**
 * Objects in a local folder:
 *
 *     data/<key>                  the objects
 *     uploads/<id>/upload.json    the key of a multipart upload
 *     uploads/<id>/<n>.<md5>.part its parts; the newest of a number counts
 *     uploads/<id>/done.json      after completion: what was completed, for repeats
 *     tmp/                        what is being written
 *
 * A file appears under its name only when its bytes are on the disk (write, fsync, rename, fsync of
 * the folder), so a kill leaves a whole object or none.
 */
export class FileStore implements ObjectStore {
  readonly #root: string;
  readonly #largest: number;

  private constructor(root: string, largest: number) {
    this.#root = root;
    this.#largest = largest;
  }

  /**
   * `largest`: bytes that one PUT may bring. `alone`: no other process works in this folder, so whatever
   * lies in tmp/ is left over from a crash; else only what nobody has written to for a day.
   */
  static async open(
    root: string,
    { largest, alone }: { largest: number; alone: boolean },
  ): Promise<FileStore> {
    if (alone) await rm(join(root, 'tmp'), { recursive: true, force: true });
    else await removeOlder(join(root, 'tmp'), Date.now() - DAY_MS);
    for (const folder of ['data', 'uploads', 'tmp']) {
      await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
    }
    return new FileStore(root, largest);
  }

  async put(key: string, content: Readable): Promise<ObjectInfo> {
    const target = this.#pathOf(key);
    const { path, md5, size } = await this.#receive(content);
    await moveInto(path, target);
    return { size, etag: `"${md5}"` };
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const info = await stat(this.#pathOf(key)).catch(() => undefined);
    if (!info?.isFile()) return undefined;
    return { size: info.size, etag: `"${info.size.toString(16)}-${Math.round(info.mtimeMs).toString(16)}"` };
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    const file = await open(this.#pathOf(key), 'r').catch(() => undefined);
    if (!file) throw notFound(`There is no object ${key}.`);
    return file.createReadStream(range ?? {});
  }

  async delete(key: string): Promise<void> {
    await rm(this.#pathOf(key), { force: true });
  }

  async adopt(key: string, source: string): Promise<ObjectInfo> {
    const staged = this.#temporary();
    // A hard link costs nothing; another file system needs the copy.
    await link(source, staged).catch(() => copyFile(source, staged));
    await moveInto(staged, this.#pathOf(key));
    return (await this.head(key)) as ObjectInfo;
  }

  async localCopy(key: string): Promise<{ path: string; release(): Promise<void> }> {
    if (!(await this.head(key))) throw notFound(`There is no object ${key}.`);
    return { path: this.#pathOf(key), release: async () => undefined };
  }

  async directUrl(): Promise<undefined> {
    return undefined; // a folder has no address
  }

  async beginUpload(key: string): Promise<string> {
    pathOfKey(key);
    const id = randomUUID();
    await mkdir(join(this.#root, 'uploads', id), { mode: 0o700 });
    await writeFile(join(this.#root, 'uploads', id, 'upload.json'), JSON.stringify({ key }));
    return id;
  }

  async putPart(_key: string, uploadId: string, part: number, content: Readable): Promise<StoredPart> {
    const folder = await this.#uploadFolder(uploadId);
    const { path, md5, size } = await this.#receive(content);
    const earlier = (await this.#partFiles(folder)).filter(
      (file) => file.number === part && file.md5 !== md5,
    );
    await moveInto(path, join(folder, partName(part, md5)));
    for (const file of earlier) await rm(file.path, { force: true });
    return { number: part, size, etag: `"${md5}"` };
  }

  async requireUpload(key: string, uploadId: string): Promise<void> {
    const folder = await this.#uploadFolder(uploadId);
    const upload = JSON.parse(await readFile(join(folder, 'upload.json'), 'utf8')) as { key: string };
    if (upload.key !== key) throw badRequest('The upload belongs to another key.');
  }

  async listParts(_key: string, uploadId: string): Promise<StoredPart[]> {
    const files = await this.#partFiles(await this.#uploadFolder(uploadId));
    const sized = files.map(async (file) => {
      const { size } = await stat(file.path);
      return { number: file.number, size, etag: `"${file.md5}"` };
    });
    return (await Promise.all(sized)).sort((a, b) => a.number - b.number);
  }

  async completeUpload(key: string, uploadId: string, parts: readonly PartReference[]): Promise<ObjectInfo> {
    await this.requireUpload(key, uploadId);
    const folder = await this.#uploadFolder(uploadId);
    const wanted = checkOrder(parts);
    const earlier = await this.#completed(key, folder, wanted);
    if (earlier) return earlier;
    try {
      return await this.#assemble(key, folder, wanted);
    } catch (error) {
      // Somebody who completed it at the same time takes the parts away.
      const meanwhile = await this.#completed(key, folder, wanted);
      if (meanwhile) return meanwhile;
      throw error;
    }
  }

  /** The object, where the upload was already completed. @throws HubError 400 for one of other parts. */
  async #completed(key: string, folder: string, wanted: readonly Part[]): Promise<ObjectInfo | undefined> {
    const earlier = await readFile(join(folder, 'done.json'), 'utf8').catch(() => undefined);
    if (earlier === undefined) return undefined;
    const info = await this.head(key);
    if (earlier === JSON.stringify(wanted) && info) return info;
    throw badRequest('The upload was already completed with other parts.');
  }

  async #assemble(key: string, folder: string, wanted: readonly Part[]): Promise<ObjectInfo> {
    const present = new Map(
      (await this.#partFiles(folder)).map((file) => [partName(file.number, file.md5), file]),
    );
    const files = wanted.map(({ number, md5 }) => {
      const file = present.get(partName(number, md5));
      if (!file) throw badRequest(`Part ${number} was not uploaded, or its ETag differs.`);
      return file;
    });
    const assembled = this.#temporary();
    for (const file of files) {
      await pipeline(createReadStream(file.path), createWriteStream(assembled, { flags: 'a' }));
    }
    await moveInto(assembled, this.#pathOf(key));
    const record = this.#temporary();
    await writeFile(record, JSON.stringify(wanted));
    await moveInto(record, join(folder, 'done.json'));
    for (const file of present.values()) await rm(file.path, { force: true });
    return (await this.head(key)) as ObjectInfo;
  }

  #pathOf(key: string): string {
    return join(this.#root, 'data', ...pathOfKey(key));
  }

  #temporary(): string {
    return join(this.#root, 'tmp', randomBytes(12).toString('hex'));
  }

  async #uploadFolder(uploadId: string): Promise<string> {
    if (!/^[0-9a-f-]{36}$/.test(uploadId)) throw badRequest('There is no such upload.');
    const folder = join(this.#root, 'uploads', uploadId);
    if (!(await stat(folder).catch(() => undefined))) throw badRequest('There is no such upload.');
    return folder;
  }

  async #partFiles(folder: string): Promise<{ number: number; md5: string; path: string }[]> {
    const names = await readdir(folder);
    return names.flatMap((name) => {
      const match = /^(\d+)\.([0-9a-f]{32})\.part$/.exec(name);
      return match ? [{ number: Number(match[1]), md5: match[2] ?? '', path: join(folder, name) }] : [];
    });
  }

  async #receive(content: Readable): Promise<{ path: string; md5: string; size: number }> {
    const path = this.#temporary();
    return { path, ...(await spool(content, path, this.#largest)) };
  }
}

/** Removes the files of a folder that were last written before a time, ms since the epoch. */
async function removeOlder(folder: string, before: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const info = await stat(path).catch(() => undefined);
    if (info && info.mtimeMs < before) await rm(path, { force: true });
  }
}

function partName(number: number, md5: string): string {
  return `${number}.${md5}.part`;
}

function checkOrder(parts: readonly PartReference[]): Part[] {
  requireOrder(parts);
  return parts.map(({ PartNumber, ETag }) => ({
    number: PartNumber,
    md5: ETag.replaceAll('"', '').toLowerCase(),
  }));
}

/** fsync, rename, fsync of the folder: after this the file survives a power cut. */
async function moveInto(source: string, target: string): Promise<void> {
  await syncPath(source);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await rename(source, target);
  await syncPath(dirname(target)).catch(() => undefined); // not every system can sync a folder
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

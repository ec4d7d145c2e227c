import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { TidemarkError } from '../../../src/contract/errors.ts';
import type { LocalMediaStage } from '../../../src/contract/host-rpc.ts';
import { createImports, type Imports } from '../../../src/host/media/imports.ts';
import { openMediaLibrary, type MediaLibrary } from '../../../src/host/media/library.ts';
import { mediaFolder } from '../../../src/host/media/record.ts';

const bytes = Buffer.from('all that there is');
const params = {
  ...{ account: 'crew', projectId: 1, sectionId: null, name: 'clip.bin' },
  ...{ size: bytes.length, lastModified: 5 },
};

describe('an import of which all bytes are here', () => {
  let root: string;
  let library: MediaLibrary;
  let imports: Imports;
  let prepared: string[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'tidemark-imports-'));
    prepared = [];
    library = await openMediaLibrary({ root, onChange: () => undefined, onRemove: () => undefined });
    const preparer = { enqueue: (key: string) => prepared.push(key) } as never;
    imports = createImports({ root, library, preparer, makeId: () => 'a-media', clock: systemClock() });
  });

  afterEach(() => rm(root, { recursive: true }));

  it('is entered where the host had died between the new name of the file and the record of it', async () => {
    const { importId } = await imports.begin(params);
    await writeFile(join(mediaFolder(root, importId), 'source.bin'), bytes);
    await library.update(importId, (record) => ({ ...record, synced: bytes.length }));
    const { offset } = await imports.begin(params);
    expect(await imports.receive(importId, offset, Readable.from([]))).toEqual({ offset: bytes.length });
    expect(library.get(importId).media.stage).toEqual({ kind: 'queued' });
    expect(prepared).toEqual([importId]);
  });

  it.each([
    ['before the new name of the file', 'source.part'],
    ['after it', 'source.bin'],
  ])('is entered by the next host where the last one died %s', async (_, name) => {
    const { importId } = await imports.begin(params);
    await writeFile(join(mediaFolder(root, importId), name), bytes);
    await library.update(importId, (record) => ({ ...record, synced: bytes.length }));
    const preparer = { enqueue: (key: string) => prepared.push(key) } as never;
    const next = createImports({ root, library, preparer, makeId: () => 'another', clock: systemClock() });
    // Its file is added again at the same time.
    const { offset } = await next.begin(params);
    expect(await next.receive(importId, offset, Readable.from([]))).toEqual({ offset: bytes.length });
    expect(library.get(importId).media.stage).toEqual({ kind: 'queued' });
    expect(prepared).toEqual([importId]);
    expect(await readFile(join(mediaFolder(root, importId), 'source.bin'))).toEqual(bytes);
  });

  it('says why the next host cannot enter it, and is sent again from where it can be', async () => {
    const { importId } = await imports.begin(params);
    const folder = mediaFolder(root, importId);
    const started = async (): Promise<Imports> => {
      await library.update(importId, (record) => ({
        ...record,
        synced: bytes.length,
        media: { ...record.media, stage: { kind: 'copying', done: bytes.length, total: bytes.length } },
      }));
      const preparer = { enqueue: (key: string) => prepared.push(key) } as never;
      const next = createImports({ root, library, preparer, makeId: () => 'another', clock: systemClock() });
      await expect.poll(() => library.get(importId).media.stage).toMatchObject({ kind: 'failed' });
      return next;
    };
    // A folder of the name stands for a disk that refuses: the copy waits for its file to be added again.
    await writeFile(join(folder, 'source.part'), bytes);
    await mkdir(join(folder, 'source.bin', 'in-the-way'), { recursive: true });
    expect((await (await started()).begin(params)).offset).toBe(bytes.length);
    // A copy that is gone is sent from its beginning.
    await rm(join(folder, 'source.bin'), { recursive: true });
    await rm(join(folder, 'source.part'));
    const last = await started();
    const { offset } = await last.begin(params);
    expect(offset).toBe(0);
    await last.receive(importId, offset, Readable.from([bytes]));
    expect(await readFile(join(folder, 'source.bin'))).toEqual(bytes);
    expect(prepared).toEqual([importId]);
  });

  it('leaves a failed media that is whole as it is', async () => {
    const { importId } = await imports.begin(params);
    await imports.receive(importId, 0, Readable.from([bytes]));
    const failed = { kind: 'failed', fault: new TidemarkError('file-not-media').fault, kept: '', remedy: '' };
    await library.update(importId, (record) => ({
      ...record,
      media: { ...record.media, stage: failed as LocalMediaStage },
    }));
    expect((await imports.begin(params)).offset).toBe(bytes.length);
    expect(library.get(importId).media.stage).toMatchObject({ kind: 'failed' });
  });

  it('is entered when its file is added again, where it could not be renamed at first', async () => {
    const { importId } = await imports.begin(params);
    const folder = mediaFolder(root, importId);
    // A folder of the name stands for a disk that refuses.
    await mkdir(join(folder, 'source.bin', 'in-the-way'), { recursive: true });
    await expect(imports.receive(importId, 0, Readable.from([bytes]))).rejects.toThrow();
    await imports.abandon(importId, new TidemarkError('disk-failed').fault);
    await rm(join(folder, 'source.bin'), { recursive: true });
    const { offset } = await imports.begin(params);
    expect(await imports.receive(importId, offset, Readable.from([]))).toEqual({ offset: bytes.length });
    expect(await readFile(join(folder, 'source.bin'))).toEqual(bytes);
    expect(prepared).toEqual([importId]);
  });

  it('is entered once, though its sender went and another asks at any instant of it', async () => {
    const { importId } = await imports.begin(params);
    const first = imports.receive(importId, 0, Readable.from([bytes]));
    const others: Promise<unknown>[] = [];
    while (library.get(importId).media.stage.kind === 'copying') {
      // One that still thinks of no bytes is told that it is wrong; nobody is told of a file that is not there.
      const other = imports.receive(importId, library.get(importId).synced, Readable.from([]));
      others.push(other.catch((error: unknown) => (error as { code?: unknown }).code));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await first).toEqual({ offset: bytes.length });
    const told = new Set((await Promise.all(others)).map((one) => JSON.stringify(one)));
    expect([...told].filter((one) => one !== '"bad-request"')).toEqual([
      JSON.stringify({ offset: bytes.length }),
    ]);
    expect(prepared).toEqual([importId]);
    expect(await readdir(mediaFolder(root, importId))).toContain('source.bin');
  });
});

import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProjectRow } from '../access/access.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden } from '../errors.ts';
import { projectOfKey } from '../objects/keys.ts';
import { keyOfOwnUrl } from '../objects/own-url.ts';

/*
 * Files of a project that its members fetch with their token below `/media/<project>/`: pages of
 * applets, and the short-lived results of work.
 */

/** Most bytes of a file that is fetched for a client. */
const LARGEST = 10 * 2 ** 30;

type Deps = Pick<HubDeps, 'objects' | 'remote' | 'workFolder'>;

/** `<stem>_<16 hex>.<ext>` after a client's name; never meets another object. */
export function servedName(name: string): string {
  const plain =
    name
      .split(/[/\\]/)
      .at(-1)
      ?.replace(/[^\w.-]/g, '_')
      .slice(-100) ?? '';
  const dot = plain.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [plain.slice(0, dot), plain.slice(dot)] : [plain, ''];
  return `${stem === '' || stem === '.' ? 'file' : stem}_${randomBytes(8).toString('hex')}${extension}`;
}

/** The key of the object that is served as `/media/<project>/<name>`. */
export function servedKey(
  { id, organization }: Pick<ProjectRow, 'id' | 'organization'>,
  name: string,
): string {
  return `${organization ?? 0}/${id}/served/${name}`;
}

/** The URL that a client may name a served file by: that path, or `<project>/<name>` alone. */
export function servedPath(project: number, name: string): string {
  return `/media/${project}/${encodeURIComponent(name)}`;
}

/**
 * Puts the bytes behind a client's URL under a key: of one of the project's own objects, or of a file
 * on a server outside.
 * @throws HubError 403 for an object of another project, 400 when the file cannot be had.
 */
export async function takeFile(
  { objects, remote, workFolder }: Deps,
  { url, project, key }: { url: string; project: number; key: string },
): Promise<void> {
  const own = keyOfOwnUrl(url);
  if (own === undefined) {
    const path = join(workFolder, randomBytes(12).toString('hex'));
    try {
      await remote.download(url, path, { largest: LARGEST });
      await objects.adopt(key, path);
    } finally {
      await rm(path, { force: true });
    }
    return;
  }
  if (projectOfKey(own) !== project) throw forbidden('The file belongs to another project.');
  if (!(await objects.head(own))) throw badRequest('Nothing was uploaded under this URL.');
  const copy = await objects.localCopy(own);
  try {
    await objects.adopt(key, copy.path);
  } finally {
    await copy.release();
  }
}

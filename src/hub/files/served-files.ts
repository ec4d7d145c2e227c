import { randomBytes } from 'node:crypto';
import type { ProjectRow } from '../access/access.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import { HopelessJob } from '../jobs/queue.ts';
import { openSource, uploadedSource } from './open-source.ts';

/*
 * Files of a project that its members fetch with their token below `/media/<project>/`: pages of
 * applets, and the short-lived results of work.
 */

/** A client waits no longer for a file of another server; ms. */
const LONGEST_FETCH = 600_000;

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

/** The key of the `<project>/<name>` that a client names a served file by; undefined for anything else. */
export function servedFile(
  project: Pick<ProjectRow, 'id' | 'organization'>,
  url: string,
): string | undefined {
  const [owner, name, ...more] = url.split('/');
  if (owner !== String(project.id) || name === undefined || more.length > 0) return undefined;
  return /^[\w.-]+$/.test(name) && /[^.]/.test(name) ? servedKey(project, name) : undefined;
}

/** Where members fetch it. */
export function servedPath(project: number, name: string): string {
  return `/media/${project}/${encodeURIComponent(name)}`;
}

/**
 * Puts the bytes behind a client's URL under a key: of one of the project's own objects, or of a file
 * on a server outside.
 * @throws HubError 403 for an object of another project, 400 when the file cannot be had.
 */
export async function takeFile(
  deps: HubDeps,
  { url, project, key }: { url: string; project: number; key: string },
): Promise<void> {
  const source = await uploadedSource(deps, project, url);
  const options = { folder: deps.workFolder, signal: AbortSignal.timeout(LONGEST_FETCH) };
  const file = await openSource(deps, source, options).catch((error: unknown) => {
    throw error instanceof HopelessJob ? badRequest(error.message) : error;
  });
  try {
    await deps.objects.adopt(key, file.path);
  } finally {
    await file.release();
  }
}

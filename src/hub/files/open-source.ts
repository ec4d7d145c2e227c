import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden } from '../errors.ts';
import { HopelessJob } from '../jobs/queue.ts';
import { projectOfKey } from '../objects/keys.ts';
import { keyOfOwnUrl } from '../objects/own-url.ts';
import { RemoteFailure } from '../remote/remote-files.ts';

/** Largest file of another server that is taken, bytes. */
const LARGEST = 100 * 1024 ** 3;

/**
 * What a client's URL stands for: the key of an upload of the project, or a file of another server.
 * @throws HubError 403 for another project's upload, 400 for a URL that is not fetched.
 */
export function sourceOf({ remote }: Pick<HubDeps, 'remote'>, project: number, url: string): string {
  const key = keyOfOwnUrl(url);
  if (key === undefined) return remote.check(url).href;
  if (projectOfKey(key) !== project) throw forbidden('The file belongs to another project.');
  return key;
}

/** The same, of which it is known that it is there if it is an upload. @throws HubError 400 */
export async function uploadedSource(deps: HubDeps, project: number, url: string): Promise<string> {
  const source = sourceOf(deps, project, url);
  if (!isRemote(source) && !(await deps.objects.head(source))) throw badRequest('The file was not uploaded.');
  return source;
}

export function isRemote(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/**
 * A source as a file on this machine, for a job; fetched into `folder` from another server.
 * @throws HopelessJob when asking again would not help.
 */
export async function openSource(
  { remote, objects, makeId }: Pick<HubDeps, 'remote' | 'objects' | 'makeId'>,
  source: string,
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<{ path: string; release(): Promise<void> }> {
  if (!isRemote(source)) return objects.localCopy(source);
  const path = join(folder, `fetched-${makeId()}`);
  try {
    await remote.download(source, path, { largest: LARGEST, signal });
  } catch (error) {
    if (error instanceof RemoteFailure && error.permanent) throw new HopelessJob(error.message);
    throw error;
  }
  return { path, release: () => rm(path, { force: true }) };
}

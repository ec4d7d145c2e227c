import { randomBytes } from 'node:crypto';
import { requireOrganization, requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden } from '../errors.ts';
import { projectOfKey, uniqueName } from '../objects/keys.ts';
import { fileKey, findFile } from '../files/file-objects.ts';
import { requireBuckets } from './buckets.ts';
import { findMedia } from './media.ts';

const A_DAY = 86_400;

export function uploadRoutes(serve: Serve, deps: HubDeps): void {
  const { db, objects, signer, clock, makeId, uploadCap } = deps;
  const expiry = (seconds: number | undefined): number => Math.floor(clock.now() / 1000) + (seconds ?? A_DAY);

  serve('get_upload_info', async ({ caller, params, query, origin }) => {
    const { project } = await requireProject(db, caller, params.project, level.transfer);
    if (query.media_id !== undefined && query.file_id !== undefined) {
      throw badRequest('media_id and file_id exclude each other.');
    }
    if (query.bucket_id !== undefined && query.media_id === undefined) {
      throw badRequest('bucket_id needs media_id.');
    }
    await requireBuckets(db, project.organization, [query.bucket_id]);
    const name = uniqueName(query.filename, letters(), makeId());
    const owner = `${project.organization ?? 0}/${project.id}`;
    if (query.media_id !== undefined) {
      const media = await findMedia(deps, caller, query.media_id, level.view);
      if (media.project !== project.id) throw badRequest(`Media ${media.id} belongs to another project.`);
    }
    if (query.file_id !== undefined) {
      const file = await findFile(db, caller, query.file_id, level.execute);
      if (file.project !== project.id) throw badRequest(`File ${file.id} belongs to another project.`);
      const key = fileKey(owner, file.id, name);
      return ok(await uploadTo(key, query.num_parts ?? 1, expiry(query.expiration), origin));
    }
    const day = new Date(clock.now()).toISOString().slice(0, 10);
    const key =
      query.media_id === undefined
        ? `_uploads/${day}/${owner}/${caller.id}/${name}`
        : `${owner}/${query.media_id}/${name}`;
    if (query.bucket_id !== undefined) await objects.assign(key, query.bucket_id);
    return ok(await uploadTo(key, query.num_parts ?? 1, expiry(query.expiration), origin));
  });

  serve('get_organization_upload_info', async ({ caller, params, query, origin }) => {
    await requireOrganization(db, caller, params.organization, 'Admin');
    return ok(
      await uploadTo(
        `${params.organization}/${makeId()}`,
        query.num_parts ?? 1,
        expiry(query.expiration),
        origin,
      ),
    );
  });

  serve('complete_upload', async ({ caller, params, body }) => {
    await requireProject(db, caller, params.project, level.transfer);
    if (projectOfKey(body.key ?? '') !== params.project)
      throw forbidden('The key belongs to another project.');
    const parts = (body.parts ?? []).map(({ PartNumber, ETag }) => {
      if (PartNumber === undefined || ETag === undefined)
        throw badRequest('A part needs PartNumber and ETag.');
      return { PartNumber, ETag };
    });
    await uploadCap.check(body.key ?? '', body.upload_id ?? '');
    await objects.completeUpload(body.key ?? '', body.upload_id ?? '', parts);
    return created({ message: 'Upload completed successfully!' });
  });

  serve('get_download_info', async ({ caller, params, query, body, origin }) => {
    await requireProject(db, caller, params.project, level.transfer);
    const expires = expiry(query.expiration);
    const keys: readonly string[] = body.keys;
    const foreign = keys.find((key) => projectOfKey(key) !== params.project);
    if (foreign !== undefined) throw forbidden('A key belongs to another project.');
    return created(keys.map((key) => ({ key, url: origin + signer.sign({ method: 'GET', key, expires }) })));
  });

  async function uploadTo(key: string, parts: number, expires: number, origin: string) {
    if (parts === 1)
      return { urls: [origin + signer.sign({ method: 'PUT', key, expires })], key, upload_id: '' };
    const id = await objects.beginUpload(key);
    const urls = Array.from(
      { length: parts },
      (_, i) => origin + signer.sign({ method: 'PUT', key, expires, upload: { id, part: i + 1 } }),
    );
    return { urls, key, upload_id: id };
  }
}

function letters(): string {
  return [...randomBytes(10)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('');
}

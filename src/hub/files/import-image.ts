import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extractImage } from '../../media/frames.ts';
import { probeMedia, type ImageProbe } from '../../media/probe.ts';
import { makeThumbnail } from '../../media/thumbnails.ts';
import type { FoundTools } from '../../media/tools.ts';
import type { Tx } from '../db/database.ts';
import type { HubDeps } from '../deps.ts';
import { imageImportKind } from '../jobs/kinds.ts';
import { HopelessJob } from '../jobs/queue.ts';
import type { MakeFiles } from './make-media-files.ts';
import type { MediaRow } from './media-row.ts';
import { isRemote, openSource, sourceOf } from './open-source.ts';

/** The members of a new media that name pictures to fetch. */
export interface PictureUrls {
  url?: string | undefined;
  thumbnail_url?: string | undefined;
  /** 1: the picture stays where it is. */
  reference_only?: number | undefined;
}

/** What is to be fetched for a media. */
export interface ImageImport {
  source: string;
  thumbnail: string | undefined;
  referenceOnly: boolean;
}

/** Undefined for a media whose files the client adds. @throws HubError 400, 403 for URLs that are not fetched. */
export function importOf(
  deps: Pick<HubDeps, 'remote'>,
  row: MediaRow,
  { url, thumbnail_url, reference_only }: PictureUrls,
): ImageImport | undefined {
  // Of a video the URL is remembered only; it has null in place of files.
  if (!url || row.media_files === null) return undefined;
  return {
    source: sourceOf(deps, row.project, url),
    thumbnail: thumbnail_url ? sourceOf(deps, row.project, thumbnail_url) : undefined,
    referenceOnly: reference_only === 1,
  };
}

/** Puts the import on the queue, once the media is there. */
export async function queueImport(deps: HubDeps, row: MediaRow, wanted: ImageImport): Promise<void> {
  await deps.queue.add({
    uid: deps.makeId(),
    gid: row.gid ?? deps.makeId(),
    kind: imageImportKind,
    project: row.project,
    user: row.created_by,
    media: [row.id],
    spec: { ...wanted, media_id: row.id },
  });
}

interface Picture {
  path: string;
  probe: ImageProbe;
  ending: string;
  mime: string;
}

/**
 * Fetches the picture of an image media, as it is or, where browsers cannot show it, as PNG; makes its
 * thumbnail. The media learns of both, and of its size, at once; doing it again writes the same keys.
 */
export async function importImage(deps: HubDeps, options: MakeFiles): Promise<void> {
  const { job, workFolder, signal } = options;
  const { db, objects } = deps;
  const { source, thumbnail, referenceOnly } = job.spec as unknown as ImageImport;
  const media = await db
    .selectFrom('media')
    .innerJoin('projects', 'projects.id', 'media.project')
    .select(['media.id', 'media.project', 'projects.organization'])
    .where('media.id', '=', Number(job.spec['media_id']))
    .where('media.deleted', '=', false)
    .executeTakeFirst();
  if (!media) throw new HopelessJob('The media was deleted.');
  const prefix = `${media.organization ?? 0}/${media.project}/${media.id}/`;
  const original = await openSource(deps, source, { folder: workFolder, signal });
  const small = thumbnail && (await openSource(deps, thumbnail, { folder: workFolder, signal }));
  try {
    const picture = await pictureOf(original.path, options);
    const key = referenceOnly && isRemote(source) ? source : `${prefix}image.${picture.ending}`;
    if (key !== source) await objects.adopt(key, picture.path);
    const thumb = await makeThumbnail((small || original).path, join(workFolder, 'thumb.jpg'), {
      ...options,
      probe: small ? await imageProbe(small.path, options) : picture.probe,
    });
    await objects.adopt(`${prefix}thumb.jpg`, thumb.path);
    const { width, height, size } = picture.probe;
    const image = { path: key, size, resolution: [height, width], mime: picture.mime };
    const { mime, ...of } = thumb;
    const shown = { path: `${prefix}thumb.jpg`, size: of.size, resolution: [of.height, of.width], mime };
    signal.throwIfAborted();
    await db.transaction().execute((tx) =>
      save(tx, {
        id: media.id,
        user: job.user_id,
        now: deps.clock.now(),
        image,
        thumbnail: shown,
        width,
        height,
      }),
    );
  } finally {
    await original.release();
    if (small) await small.release();
  }
}

interface Save {
  id: number;
  user: number;
  now: number;
  image: object;
  thumbnail: object;
  width: number;
  height: number;
}

async function save(tx: Tx, { id, user, now, image, thumbnail, width, height }: Save): Promise<void> {
  const row = await tx
    .selectFrom('media')
    .select('media_files')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const files = { ...row.media_files, image: [image], thumbnail: [thumbnail] };
  await tx
    .updateTable('media')
    .set({
      media_files: JSON.stringify(files),
      ...{ width, height, modified_by: user, modified_datetime: new Date(now) },
    })
    .where('id', '=', id)
    .execute();
}

/** What every browser shows stays as it is. */
const kept: Readonly<Record<string, { ending: string; mime: string }>> = {
  png: { ending: 'png', mime: 'image/png' },
  jpeg: { ending: 'jpg', mime: 'image/jpeg' },
};

async function pictureOf(path: string, { tools, signal, workFolder }: MakeFiles): Promise<Picture> {
  const probe = await imageProbe(path, { tools, signal });
  const same = kept[probe.format];
  if (same) return { path, probe, ...same };
  const png = join(workFolder, 'image.png');
  await writeFile(png, await extractImage(path, { tools, signal, format: 'png' }));
  const made = await imageProbe(png, { tools, signal });
  return { path: png, probe: made, ending: 'png', mime: 'image/png' };
}

async function imageProbe(
  path: string,
  { tools, signal }: { tools: FoundTools; signal: AbortSignal },
): Promise<ImageProbe> {
  const probe = await probeMedia(path, { tools, signal });
  if (probe.kind !== 'image') throw new HopelessJob('The file is a video, not an image.');
  return probe;
}

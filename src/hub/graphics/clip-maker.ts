import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Gate } from '../../base/gate.ts';
import { extractClip, joinClips } from '../../media/frames.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import { pictureFile } from '../files/choose-file.ts';
import type { MediaRow } from '../files/media-row.ts';
import { servedKey, servedName } from '../files/served-files.ts';
import { addTemporaryFile, type TemporaryFileRow } from '../files/temporary-files.ts';
import { asAnswer } from '../media-tools.ts';
import type { FrameRange } from './parse.ts';
import { PictureSources } from './picture-source.ts';

export interface ClipRequest {
  media: MediaRow;
  organization: number | null;
  user: number;
  dtype: string;
  ranges: readonly FrameRange[];
  /** Height of the file to cut from; the tallest when absent. */
  quality?: number | undefined;
}

const AT_A_TIME = 1;
const LONGEST_MS = 600_000;
const HOURS = 24;
/** A clip that is given out again must live at least so long; ms. */
const SHORTEST_LIFE = 3_600_000;

/** Cuts clips out of videos into temporary files, and gives the same clip again while it lives. */
export class ClipMaker {
  readonly #deps: HubDeps;
  readonly #sources: PictureSources;
  readonly #gate = new Gate(AT_A_TIME);
  /** Those that are being cut, by their lookup. */
  readonly #running = new Map<string, Promise<TemporaryFileRow>>();

  constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#sources = new PictureSources(deps);
  }

  /** @throws HubError 400 for what the media cannot give, 503 without the ffmpeg program. */
  async make(request: ClipRequest): Promise<TemporaryFileRow> {
    const { media, dtype, quality, ranges } = request;
    const file = dtype === 'video' ? pictureFile(media.media_files, dtype, quality) : undefined;
    if (!file) throw badRequest(`Media ${media.id} has no file that a clip can be cut from.`);
    const lookup = lookupOf(media, file.path, ranges);
    const running = this.#running.get(lookup);
    if (running) return running;
    const clip = this.#findOrCut(request, file.path, lookup).finally(() => this.#running.delete(lookup));
    this.#running.set(lookup, clip);
    return clip;
  }

  async #findOrCut(request: ClipRequest, file: string, lookup: string): Promise<TemporaryFileRow> {
    const { db, clock } = this.#deps;
    const found = await db
      .selectFrom('temporary_files')
      .selectAll()
      .where('project', '=', request.media.project)
      .where('lookup', '=', lookup)
      .where('eol_datetime', '>', new Date(clock.now() + SHORTEST_LIFE))
      .executeTakeFirst();
    return found ?? this.#gate.run(() => this.#cut(request, file, lookup));
  }

  async #cut(
    { media, organization, user, ranges }: ClipRequest,
    file: string,
    lookup: string,
  ): Promise<TemporaryFileRow> {
    const signal = AbortSignal.timeout(LONGEST_MS);
    const folder = await mkdtemp(join(this.#deps.workFolder, 'clip-'));
    try {
      const tools = await this.#deps.tools.require('Cutting clips', signal);
      const whole = join(folder, 'whole.mp4');
      await this.#sources.use(file, async ({ path, probe }) => {
        if (probe.kind !== 'video') throw badRequest('Clips are cut from videos only.');
        const parts = ranges.map((_, i) => (ranges.length === 1 ? whole : join(folder, `${i}.mp4`)));
        for (const [i, { first, last }] of ranges.entries()) {
          await extractClip(path, parts[i] ?? whole, { tools, probe, first, last, signal });
        }
        if (parts.length > 1) await joinClips(parts, whole, { tools, signal });
      });
      const name = clipName(media.name, ranges);
      const objectName = servedName(name);
      await this.#deps.objects.adopt(servedKey({ id: media.project, organization }, objectName), whole);
      const owner = { project: media.project, user };
      return await addTemporaryFile(this.#deps, { ...owner, name, lookup, objectName, hours: HOURS });
    } catch (error) {
      if (signal.aborted) throw badRequest('The clip took too long to cut; ask for fewer frames.');
      throw asAnswer(error);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Names the same cut of the same file. */
function lookupOf(media: MediaRow, file: string, ranges: readonly FrameRange[]): string {
  const cut = ranges.map(({ first, last }) => `${first}:${last}`).join(',');
  const digest = createHash('sha256').update(JSON.stringify([file, cut]));
  return `clip of media ${media.id} ${digest.digest('hex').slice(0, 32)}`;
}

const LONGEST_STEM = 60;

function clipName(media: string, ranges: readonly FrameRange[]): string {
  const stem = media.replace(/\.\w{1,5}$/, '').slice(0, LONGEST_STEM);
  return `${stem}_${ranges[0]?.first ?? 0}-${ranges.at(-1)?.last ?? 0}.mp4`;
}

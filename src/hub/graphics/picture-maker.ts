import { Gate } from '../../base/gate.ts';
import { animatePictures, tilePictures } from '../../media/compose.ts';
import { extractFrame, extractImage, type Crop, type PixelSize } from '../../media/frames.ts';
import type { FoundTools } from '../../media/tools.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import { pictureFile } from '../files/choose-file.ts';
import type { MediaRow } from '../files/media-row.ts';
import { asAnswer } from '../media-tools.ts';
import { mimeOf, refuseHuge, type Grid } from './parse.ts';
import { PictureSources, type PictureSource } from './picture-source.ts';

export interface Cut {
  frame: number;
  crop?: Crop | undefined;
}

/** What is to be made of the cuts. */
export type Composition =
  | { kind: 'single'; format: 'png' | 'jpeg' }
  | { kind: 'tiles'; grid: Grid; format: 'png' | 'jpeg' }
  | { kind: 'film'; framesPerSecond: number; format: 'gif' | 'mp4' };

export interface PictureRequest {
  media: MediaRow;
  dtype: string;
  /** Height of the file to cut from; the tallest when absent. */
  quality?: number | undefined;
  /** Given the size of the file's pictures. */
  cuts: (size: PixelSize) => Cut[];
  /** Size of every cut; absent: that of the first one. */
  scale?: PixelSize | undefined;
  composition: Composition;
}

/** Programs that cut pictures at a time; more would only slow each other down. */
const AT_A_TIME = 2;
const LONGEST_MS = 300_000;

/** Makes pictures out of frames and images with the media tools. */
export class PictureMaker {
  readonly #deps: HubDeps;
  readonly #sources: PictureSources;
  readonly #gate = new Gate(AT_A_TIME);

  constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#sources = new PictureSources(deps);
  }

  /** @throws HubError 400 for what the media cannot give, 503 without the ffmpeg program. */
  async make(request: PictureRequest): Promise<{ contentType: string; bytes: Buffer }> {
    const { media, dtype, quality, composition } = request;
    const file = pictureFile(media.media_files, dtype, quality);
    if (!file) throw badRequest(`Media ${media.id} has no file that pictures can be cut from.`);
    const signal = AbortSignal.timeout(LONGEST_MS);
    try {
      const tools = await this.#deps.tools.require('Cutting pictures', signal);
      const bytes = await this.#sources.use(file.path, (source) =>
        this.#compose(source, { request, tools, signal }),
      );
      return { contentType: mimeOf[composition.format], bytes };
    } catch (error) {
      if (signal.aborted) throw badRequest('The picture took too long to make; ask for fewer frames.');
      throw asAnswer(error);
    }
  }

  async #compose(
    source: PictureSource,
    { request, tools, signal }: { request: PictureRequest; tools: FoundTools; signal: AbortSignal },
  ): Promise<Buffer> {
    const { composition } = request;
    const cuts = request.cuts(source.probe);
    const size = request.scale ?? (cuts.length > 1 ? sizeOf(cuts[0]?.crop, source.probe) : undefined);
    if (size) refuseHuge(composition.kind === 'tiles' ? composition.grid : { columns: 1, rows: 1 }, size);
    const format = composition.kind === 'single' ? composition.format : 'png';
    const pictures = await Promise.all(
      cuts.map((cut) =>
        this.#gate.run(() => {
          const options = { tools, signal, format, crop: cut.crop, size };
          if (source.probe.kind === 'image') {
            if (cut.frame !== 0) throw badRequest('An image has frame 0 only.');
            return extractImage(source.path, options);
          }
          return extractFrame(source.path, source.probe.frameTable, cut.frame, options);
        }),
      ),
    );
    const [first] = pictures;
    if (!first) throw badRequest('There is nothing to show.');
    switch (composition.kind) {
      case 'single':
        return first;
      case 'tiles':
        return tilePictures(pictures, { ...composition.grid, format: composition.format, tools, signal });
      case 'film':
        return animatePictures(pictures, { ...composition, tools, signal });
    }
  }
}

/** Pixels of a cut; as the media room rounds them. */
function sizeOf(crop: Crop | undefined, { width, height }: PixelSize): PixelSize {
  if (!crop) return { width, height };
  return {
    width: Math.max(1, Math.round(width * crop.width)),
    height: Math.max(1, Math.round(height * crop.height)),
  };
}

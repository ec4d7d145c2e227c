import type { Random } from '../../src/base/random.ts';
import { noiseImage, noiseVideo, type NewFile } from './files.ts';
import type { KillLaptop } from './laptop.ts';
import type { KillPage, Standing } from './page/entry.ts';

declare const killPage: KillPage;

/** Each so many files is a video, which the hub has to convert. */
const videoEvery = 12;

/** Adds files, and remembers those that the app has said to have. */
export class Importer {
  /** Name to digest of the files that arrived. */
  readonly files = new Map<string, string>();
  readonly #laptop: KillLaptop;
  readonly #project: number;
  readonly #random: Random;
  #underway: NewFile | null = null;
  #made = 0;

  constructor(parts: { laptop: KillLaptop; project: number; random: Random }) {
    this.#laptop = parts.laptop;
    this.#project = parts.project;
    this.#random = parts.random;
  }

  get isUnderway(): boolean {
    return this.#underway !== null;
  }

  /** Adds the file that a kill broke off, as its user would, or else a new one. */
  async addOne(signal: AbortSignal): Promise<void> {
    const file = this.#underway ?? (await this.#newFile());
    this.#underway = file;
    const { name, bytes } = file;
    const added = { name, base64: bytes.toString('base64'), projectId: this.#project };
    try {
      await this.#laptop.page.evaluate((one) => killPage.add(one), added);
    } catch (error) {
      if (!signal.aborted) throw error;
      return;
    }
    this.#arrived(file);
  }

  /** After a restart: the file that was under way is there whole, or is added again. */
  settle({ medias }: Pick<Standing, 'medias'>): void {
    const file = this.#underway;
    const there = medias.find(({ name }) => name === file?.name);
    if (file !== null && there !== undefined && there.stage.kind !== 'copying') this.#arrived(file);
  }

  #arrived(file: NewFile): void {
    this.files.set(file.name, file.sha256);
    this.#underway = null;
  }

  async #newFile(): Promise<NewFile> {
    this.#made += 1;
    const isVideo = this.#made % videoEvery === 0;
    return isVideo
      ? noiseVideo(`clip-${this.#made}.mp4`, this.#random)
      : noiseImage(`still-${this.#made}.png`, this.#random);
  }
}

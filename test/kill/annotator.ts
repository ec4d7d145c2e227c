import { setTimeout as wait } from 'node:timers/promises';
import type { Json } from '../../src/base/json.ts';
import { uuidFrom, type Random } from '../../src/base/random.ts';
import type { Fields } from '../../src/domain/fields.ts';
import { entityKey, type EntityRef, type MediaKey } from '../../src/domain/identity.ts';
import type { Change, EditCommand } from '../../src/store/types.ts';
import { mediaRef } from '../../src/sync/ports.ts';
import type { SampleIds } from '../support/hub-sample.ts';
import type { KillLaptop } from './laptop.ts';
import type { Contents, Ledger } from './ledger.ts';
import type { KillPage } from './page/entry.ts';

declare const killPage: KillPage;

interface Drawn {
  ref: EntityRef;
  media: MediaKey;
  type: number;
}

/** A person at work, from a seed: one command after the other, each noted when it is acknowledged. */
export class Annotator {
  /** Medias that the device knows: what there is to annotate. */
  medias: MediaKey[] = [];
  readonly #laptop: KillLaptop;
  readonly #ledger: Ledger;
  readonly #ids: SampleIds;
  readonly #random: Random;
  readonly #drawn: Drawn[] = [];
  /** Members of tracks: they are not deleted. */
  readonly #members = new Set<string>();
  #number = 0;

  constructor(parts: { laptop: KillLaptop; ledger: Ledger; ids: SampleIds; random: Random }) {
    this.#laptop = parts.laptop;
    this.#ledger = parts.ledger;
    this.#ids = parts.ids;
    this.#random = parts.random;
  }

  /** Works until it is told to stop, or until the app is gone: then a command may be left under way. */
  async work({ signal, pause }: { signal: AbortSignal; pause: number }): Promise<void> {
    try {
      while (!signal.aborted) {
        await this.once();
        await wait(this.#random() * pause);
      }
    } catch (error) {
      // What is under way is settled at the next start.
      if (!signal.aborted) throw error;
    }
  }

  async once(): Promise<void> {
    const media = this.#pick(this.medias);
    if (media === undefined) return;
    const undo = this.#random() < 0.08 ? this.#ledger.undoable(media) : null;
    if (undo !== null) {
      this.#ledger.begin({ media, kind: 'undo', before: undo.after, after: undo.before });
      await this.#laptop.page.evaluate((key) => killPage.undo(key), media);
      this.#ledger.acknowledge();
      return;
    }
    const changes = this.#changes(media);
    if (changes.length === 0) return;
    this.#ledger.begin({ media, kind: 'apply', ...this.#effects(changes) });
    const command: EditCommand = { projectId: this.#ids.project, media, label: 'history.change', changes };
    await this.#laptop.page.evaluate(
      (json) => killPage.apply(JSON.parse(json) as EditCommand),
      json(command),
    );
    this.#ledger.acknowledge();
  }

  #changes(media: MediaKey): Change[] {
    const here = this.#drawn.filter(
      (one) => one.media === media && (this.#ledger.contents.get(entityKey(one.ref)) ?? null) !== null,
    );
    const boxes = here.filter(({ ref }) => ref.kind === 'localization');
    const dice = this.#random();
    const one = this.#pick(boxes);
    if (dice < 0.4 || one === undefined) return this.#draw(media);
    if (dice < 0.65) return [this.#change(this.#pick(here)!.ref, { 'attributes.Comment': this.#text() })];
    if (dice < 0.8) return [this.#change(one.ref, { geometry: this.#box(), frame: this.#below(4) })];
    if (dice < 0.86) return [this.#change(mediaRef(media), { 'attributes.Dive': this.#text() })];
    if (dice < 0.93) return this.#link(media, boxes);
    return this.#members.has(one.ref.elementalId) ? [] : [{ kind: 'delete', ref: one.ref }];
  }

  #draw(media: MediaKey): Change[] {
    return Array.from({ length: 1 + this.#below(3) }, () => {
      const fields = { frame: 0, geometry: this.#box(), 'attributes.Comment': this.#text() };
      return this.#create({ kind: 'localization', media, type: this.#ids.box, fields });
    });
  }

  #link(media: MediaKey, boxes: Drawn[]): Change[] {
    const chosen = new Set([this.#pick(boxes), this.#pick(boxes), this.#pick(boxes)]);
    const localizations = [...chosen]
      .flatMap((box) => (box === undefined ? [] : [box.ref.elementalId]))
      .sort();
    for (const member of localizations) this.#members.add(member);
    const fields = { localizations, 'attributes.Comment': this.#text() };
    return [this.#create({ kind: 'state', media, type: this.#ids.track, fields })];
  }

  #create({
    kind,
    ...rest
  }: {
    kind: 'localization' | 'state';
    media: MediaKey;
    type: number;
    fields: Fields;
  }): Change {
    const ref = { kind, version: this.#ids.baseline, elementalId: uuidFrom(this.#random) };
    this.#drawn.push({ ref, media: rest.media, type: rest.type });
    return { kind: 'create', ref, ...rest };
  }

  #change(ref: EntityRef, fields: Fields): Change {
    return { kind: 'change', ref, fields };
  }

  /** What the changes find and leave. */
  #effects(changes: Change[]): { before: Contents; after: Contents } {
    const before = new Map<string, Fields | null>();
    const after = new Map<string, Fields | null>();
    for (const change of changes) {
      const key = entityKey(change.ref);
      const now = this.#ledger.contents.get(key) ?? (change.ref.kind === 'media' ? noText : null);
      before.set(key, now);
      after.set(key, change.kind === 'delete' ? null : { ...now, ...change.fields });
    }
    return { before, after };
  }

  #box(): Json {
    const [x, y] = [this.#random() * 0.8, this.#random() * 0.8];
    return { kind: 'box', x, y, width: 0.05 + this.#random() * 0.1, height: 0.05 + this.#random() * 0.1 };
  }

  /** No two are alike, so that every step can be told from every other. */
  #text(): string {
    this.#number += 1;
    return `note ${this.#number}`;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.#below(items.length)];
  }
}

/** A media is there before anybody writes on it. */
const noText: Fields = { 'attributes.Dive': null };

function json(command: EditCommand): string {
  return JSON.stringify(command);
}

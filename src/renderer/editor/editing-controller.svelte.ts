import type { MakeId } from '../../base/random.ts';
import type { Json } from '../../base/json.ts';
import type { Fault } from '../../contract/errors.ts';
import type { AttributeDefinition, LocalizationType } from '../../domain/entity-types.ts';
import { attributeField, type Fields } from '../../domain/fields.ts';
import type { Geometry } from '../../domain/geometry.ts';
import { entityKey, type EntityKey, type EntityRef, type MediaKey } from '../../domain/identity.ts';
import { localizationFields } from '../../domain/localization.ts';
import type { Annotation, AnnotationStore, Change } from '../../store/types.ts';
import { storageFault } from '../backend/storage-fault.ts';

export type SaveState =
  | { kind: 'idle' }
  | { kind: 'saving' }
  /** Both copies are down. */
  | { kind: 'saved' }
  /** Nothing was changed. */
  | { kind: 'refused'; fault: Fault };

export interface NewLocalization {
  type: LocalizationType;
  version: number;
  frame: number;
  geometry: Geometry;
  /** By attribute name; overrides the defaults of the type. */
  attributes?: Record<string, Json>;
}

/** Every edit of one media goes through here: one command at a time, and the true state of saving. */
export class EditingController {
  save = $state.raw<SaveState>({ kind: 'idle' });
  readonly #store: AnnotationStore;
  readonly #media: { key: MediaKey; projectId: number };
  readonly #makeId: MakeId;
  readonly #onRefused: (fault: Fault) => void;
  #running = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: {
    store: AnnotationStore;
    media: { key: MediaKey; projectId: number };
    makeId: MakeId;
    onRefused: (fault: Fault) => void;
  }) {
    this.#store = options.store;
    this.#media = options.media;
    this.#makeId = options.makeId;
    this.#onRefused = options.onRefused;
  }

  /** Key of the new annotation, or null when it was refused. */
  async create({
    type,
    version,
    frame,
    geometry,
    attributes = {},
  }: NewLocalization): Promise<EntityKey | null> {
    const ref: EntityRef = { kind: 'localization', version, elementalId: this.#makeId() };
    const values = { ...defaultsOf(type.attribute_types), ...attributes };
    const fields = localizationFields({ frame, geometry, attributes: values });
    const change: Change = { kind: 'create', ref, type: type.id, media: this.#media.key, fields };
    return (await this.#apply('history.create', [change])) ? entityKey(ref) : null;
  }

  setGeometry(
    ref: EntityRef,
    geometry: Geometry,
    label: 'history.move' | 'history.resize' | 'history.vertex',
  ): Promise<boolean> {
    return this.#apply(label, [{ kind: 'change', ref, fields: { geometry: geometry as unknown as Json } }]);
  }

  setAttribute(ref: EntityRef, name: string, value: Json): Promise<boolean> {
    const fields: Fields = { [attributeField(name)]: value };
    return this.#apply('history.attribute', [{ kind: 'change', ref, fields }]);
  }

  /** All values of a favorite in one step. */
  applyFavorite(ref: EntityRef, values: Record<string, Json>): Promise<boolean> {
    const fields = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [attributeField(name), value]),
    );
    return this.#apply('history.applyFavorite', [{ kind: 'change', ref, fields }]);
  }

  delete(annotation: Annotation): Promise<boolean> {
    return this.#apply('history.delete', [{ kind: 'delete', ref: annotation.ref }]);
  }

  undo(): Promise<boolean> {
    return this.#run(() => this.#store.undo(this.#media.key));
  }

  redo(): Promise<boolean> {
    return this.#run(() => this.#store.redo(this.#media.key));
  }

  #apply(label: string, changes: Change[]): Promise<boolean> {
    const { key: media, projectId } = this.#media;
    return this.#run(() => this.#store.apply({ projectId, media, label, changes }));
  }

  /** In the order of the user's actions; "saved" only when the last of them is down. */
  #run(work: () => Promise<void>): Promise<boolean> {
    this.#running++;
    this.save = { kind: 'saving' };
    const done = this.#tail.then(work).then(
      () => this.#end(null),
      (error: unknown) => this.#end(storageFault(error)),
    );
    this.#tail = done;
    return done;
  }

  #end(fault: Fault | null): boolean {
    this.#running--;
    if (fault !== null) {
      this.save = { kind: 'refused', fault };
      this.#onRefused(fault);
    } else if (this.#running === 0) this.save = { kind: 'saved' };
    return fault === null;
  }
}

/** Values that a new annotation begins with: as the server would fill them in. */
export function defaultsOf(definitions: readonly AttributeDefinition[]): Record<string, Json> {
  return Object.fromEntries(
    definitions.flatMap((definition) =>
      definition.default === undefined ? [] : [[definition.name, definition.default]],
    ),
  );
}

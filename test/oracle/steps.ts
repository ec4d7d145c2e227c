import type { Fields } from '../../src/domain/fields.ts';

/*
 * What a script is made of. Everything is named by its place in the script (the third element, the
 * second version, the fifth row that was told), so that each side can put in its own ids and times.
 */

export type Kind = 'localization' | 'state';

/** An annotation by its number in the script, in the first or the second version. */
export interface ElementRef {
  kind: Kind;
  slot: number;
  version: 1 | 2;
}

export interface NewAnnotation {
  element: ElementRef;
  media: number;
  /** Members of states by their numbers; all else as the engine has it. */
  fields: Fields;
  members?: number[];
}

/** The mark that an edit names. */
export type NamedMark = 'current' | 'older' | 'none-such' | 'unnamed';

export interface Change {
  fields: Fields;
  members?: number[];
}

/** A time or a row id that both sides have told, by its number; null names none. */
export type Told = number | null;

export interface ListStep {
  act: 'list';
  kind: Kind;
  after: Told;
  since: Told;
  medias: number[] | null;
  slots: number[] | null;
  version: 1 | 2 | null;
  allMarks: boolean;
  limit: number;
}

/** What the engine asks, through the port that it has. */
export type EngineStep =
  | { act: 'create'; kind: Kind; specs: NewAnnotation[]; key: number | null }
  | { act: 'patch'; element: ElementRef; mark: NamedMark; change: Change }
  | { act: 'delete'; element: ElementRef }
  | ListStep
  | { act: 'create media'; media: number; fields: Fields; section: 1 | 2 | null; key: number | null }
  | { act: 'patch media'; media: number; fields: Fields }
  | { act: 'list medias'; after: Told; limit: number }
  | { act: 'find media'; media: number }
  | { act: 'medias by id'; medias: number[] };

/** What others do with plain REST. */
export type RestStep =
  | { act: 'post'; kind: Kind; specs: NewAnnotation[] }
  | { act: 'edit'; element: ElementRef; mark: NamedMark; pedantic: boolean; fields: Fields }
  | { act: 'edit in place'; element: ElementRef; fields: Fields }
  | { act: 'bulk edit'; elements: ElementRef[]; fields: Fields; inPlace: boolean }
  | { act: 'remove'; element: ElementRef }
  | { act: 'bulk remove'; elements: ElementRef[]; inPlace: boolean }
  | { act: 'prune'; element: ElementRef; whole: boolean }
  | { act: 'edit media'; media: number; fields: Fields }
  | { act: 'shown'; elements: ElementRef[] }
  | { act: 'rename attribute' }
  | { act: 'delete attribute' }
  | { act: 'add attribute'; value: string };

export type Step = EngineStep | RestStep;

export interface OracleScript {
  seed: number;
  steps: Step[];
}

const engineActs: readonly string[] = [
  'create',
  'patch',
  'delete',
  'list',
  'create media',
  'patch media',
  'list medias',
  'find media',
  'medias by id',
] satisfies EngineStep['act'][];

export function isEngineStep(step: Step): step is EngineStep {
  return engineActs.includes(step.act);
}

import type { LocalizationType } from '../../../domain/entity-types.ts';
import { attributesOf } from '../../../domain/fields.ts';
import type { EntityKey } from '../../../domain/identity.ts';
import { labelOf } from '../../../domain/label.ts';
import { localizationFrom, type Localization } from '../../../domain/localization.ts';
import type { Annotation, EntitySync } from '../../../store/types.ts';
import { colourOf, type Shape } from '../../editor/shape.ts';

/** A localization ready for lists and the canvas. */
export interface Row {
  key: EntityKey;
  annotation: Annotation;
  localization: Localization;
  type: LocalizationType;
  colour: string;
  /** What a person would call it: its species or first text. */
  label: string | null;
  sync: EntitySync;
}

/** Localizations of known types, by frame. Others (states, types that are gone) are left out. */
export function rowsOf(annotations: readonly Annotation[], types: readonly LocalizationType[]): Row[] {
  const byId = new Map(types.map((type) => [type.id, type]));
  return annotations
    .flatMap((annotation) => {
      const type = byId.get(annotation.type);
      return annotation.ref.kind === 'localization' && type !== undefined ? [rowOf(annotation, type)] : [];
    })
    .sort((a, b) => a.localization.frame - b.localization.frame);
}

function rowOf(annotation: Annotation, type: LocalizationType): Row {
  const { ref, media, fields, key, sync } = annotation;
  const identity = { elementalId: ref.elementalId, version: ref.version, type: type.id, media };
  const attributes = attributesOf(fields);
  return {
    key,
    annotation,
    localization: localizationFrom(identity, fields),
    type,
    colour: colourOf(type, attributes, ref.version),
    label: labelOf(type, fields),
    sync,
  };
}

export function shapesOf(rows: readonly Row[]): Shape[] {
  return rows.map(({ key, localization, colour, type }) => ({
    key,
    geometry: localization.geometry,
    colour,
    lineWidth: Math.max(1, Math.min(6, type.line_width)),
  }));
}

export function groupByFrame(rows: readonly Row[]): Map<number, Row[]> {
  const frames = new Map<number, Row[]>();
  for (const row of rows) {
    const { frame } = row.localization;
    const list = frames.get(frame);
    if (list === undefined) frames.set(frame, [row]);
    else list.push(row);
  }
  return frames;
}

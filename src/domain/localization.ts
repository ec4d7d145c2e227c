import type { Json } from '../base/json.ts';
import type { Fields } from './fields.ts';
import { attributeField, attributesOf } from './fields.ts';
import type { Geometry } from './geometry.ts';
import type { ElementalId, MediaKey } from './identity.ts';

/** A box, line, dot or polygon on one frame of a media, in one version. */
export interface Localization {
  elementalId: ElementalId;
  version: number;
  /** LocalizationType id. */
  type: number;
  media: MediaKey;
  /** Ordinal of the frame in presentation order, 0-based; 0 on images. */
  frame: number;
  geometry: Geometry;
  attributes: Record<string, Json>;
}

/** What can change of a localization, as mergeable fields. Inverse of `localizationFrom`. */
export function localizationFields(
  localization: Pick<Localization, 'frame' | 'geometry' | 'attributes'>,
): Fields {
  const fields: Fields = { frame: localization.frame, geometry: geometryToJson(localization.geometry) };
  for (const [name, value] of Object.entries(localization.attributes)) fields[attributeField(name)] = value;
  return fields;
}

export function localizationFrom(
  identity: Pick<Localization, 'elementalId' | 'version' | 'type' | 'media'>,
  fields: Fields,
): Localization {
  return {
    ...identity,
    frame: typeof fields.frame === 'number' ? fields.frame : 0,
    geometry: (fields.geometry ?? { kind: 'none' }) as unknown as Geometry,
    attributes: attributesOf(fields),
  };
}

function geometryToJson(geometry: Geometry): Json {
  return geometry as unknown as Json;
}

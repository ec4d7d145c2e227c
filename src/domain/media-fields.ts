import type { Json } from '../base/json.ts';
import { attributeField, attributeName, type Fields } from './fields.ts';

/** What people change of a media: its name, the section it lies in (an id, or null), and its attributes. */
export function mediaFields(media: {
  name: string;
  sectionId: number | null;
  attributes: Record<string, Json>;
}): Fields {
  const fields: Fields = { name: media.name, section_id: media.sectionId };
  for (const [name, value] of Object.entries(media.attributes)) fields[attributeField(name)] = value;
  return fields;
}

/** Whether a person can change this field of a media; the rest (codec, md5) follows from its file. */
export function isMediaField(field: string): boolean {
  return field === 'name' || field === 'section_id' || attributeName(field) !== null;
}

/**
 * Why a stock Tator 1.5 cannot store this value as an attribute of a media that is there already, or
 * null if it can. Apostrophes, percent signs, control characters and lists of texts are refused there
 * or come out changed; a new media takes them.
 */
export function unstorableInMedia(field: string, value: Json): string | null {
  if (attributeName(field) === null) return null;
  if (typeof value === 'string') return unstorableText(value);
  if (!Array.isArray(value)) return null;
  return value.some((item) => typeof item === 'string') ? 'a list of texts' : null;
}

const FIRST_PRINTABLE = 0x20;

function unstorableText(text: string): string | null {
  if (text.includes("'")) return 'an apostrophe';
  if (text.includes('%')) return 'a percent sign';
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) < FIRST_PRINTABLE && text[at] !== '\n') return 'a control character';
  }
  return null;
}

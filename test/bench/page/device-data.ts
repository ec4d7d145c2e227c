import type { Project } from '../../../src/domain/entity-types.ts';
import type { MediaKey } from '../../../src/domain/identity.ts';
import type { MarkQuery, ServerMedia, ServerRow } from '../../../src/sync/ports.ts';

/** What is on the measured device. */
export interface Device {
  account: string;
  /** Of the host's RPC. */
  hostAddress: string;
  medias: number;
  rowsOfMedia: number;
}

export const project: Project = { id: 1, name: 'Season', summary: '', permission: 'Full Control' };

const species = Array.from({ length: 180 }, (_, i) => `Species number ${i}`);
const certainties = ['certain', 'probable', 'possible', ''];

export function mediaKeyAt({ rowsOfMedia }: Pick<Device, 'rowsOfMedia'>, n: number): MediaKey {
  return uuidOf(n, rowsOfMedia + 7);
}

export function mediasOf(device: Device): ServerMedia[] {
  return Array.from({ length: device.medias }, (_, n) => ({
    key: mediaKeyAt(device, n),
    serverId: n + 1,
    projectId: project.id,
    type: 1,
    kind: 'video',
    name: `Dive ${String(n).padStart(4, '0')}.mp4`,
    sectionId: null,
    width: 1920,
    height: 1080,
    frameCount: 36_000,
    fps: 29.97,
    attributes: { Station: `S${n % 40}` },
    raw: { id: n + 1, created_datetime: '2026-01-01T00:00:00Z' },
  }));
}

/** Row `i` of media `n`: what a person drew, so no two alike, and the same at each call. */
export function rowAt(device: Pick<Device, 'rowsOfMedia'>, n: number, i: number): ServerRow {
  const rowId = n * device.rowsOfMedia + i + 1;
  const [a, b] = [mixed(rowId), mixed(rowId * 3 + 1)];
  return {
    ref: { kind: 'localization', version: 1, elementalId: uuidOf(rowId, 1) },
    rowId,
    mark: a % 10 === 0 ? 1 : 0,
    type: 7,
    media: mediaKeyAt(device, n),
    deleted: false,
    fields: {
      frame: Math.floor((i * 36_000) / device.rowsOfMedia),
      geometry: {
        kind: 'box',
        x: (a % 900_000) / 1_000_000,
        y: (b % 900_000) / 1_000_000,
        width: 0.02 + (a % 50_021) / 1_000_000,
        height: 0.02 + (b % 50_021) / 1_000_000,
      },
      'attributes.Species': species[b % species.length] ?? '',
      'attributes.Certainty': certainties[a % certainties.length] ?? '',
      'attributes.Comment': b % 20 === 0 ? `seen again at ${a % 600} s` : '',
    },
    createdBy: 1 + (a % 6),
    modifiedBy: 1 + (a % 6),
    modifiedAt: new Date(1_760_000_000_000 + rowId * 1700 + (a % 1000)).toISOString(),
  };
}

/** As the rows of a server's answer have it, where their JSON is that of `rowAt`. */
export function printsFor(
  device: Pick<Device, 'medias' | 'rowsOfMedia'>,
  prints: readonly number[],
  query: MarkQuery,
): number[] {
  const { begin, end } = rangeOf(device, query);
  return prints.slice(begin, end);
}

/** What a server that holds the device's rows and nothing else answers. */
export function rowsFor(device: Pick<Device, 'medias' | 'rowsOfMedia'>, query: MarkQuery): ServerRow[] {
  const { rowsOfMedia } = device;
  const { begin, end } = rangeOf(device, query);
  return Array.from({ length: Math.max(0, end - begin) }, (_, i) =>
    rowAt(device, Math.floor((begin + i) / rowsOfMedia), (begin + i) % rowsOfMedia),
  );
}

/** The rows that the query asks for, by their places. */
function rangeOf(
  { rowsOfMedia, medias }: Pick<Device, 'medias' | 'rowsOfMedia'>,
  { after = 0, limit, mediaIds }: MarkQuery,
): { begin: number; end: number } {
  // Medias that follow each other.
  const [first = 1, last = medias] = [mediaIds?.[0], mediaIds?.at(-1)];
  const begin = Math.max(after, (first - 1) * rowsOfMedia);
  return { begin, end: Math.min(begin + limit, last * rowsOfMedia) };
}

/** An integer below 2^31 that looks like chance. */
function mixed(seed: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 1;
}

/** Every four hexadecimal digits: ids are made by the million. */
const quads = Array.from({ length: 0x10000 }, (_, n) => n.toString(16).padStart(4, '0'));

function uuidOf(seed: number, salt: number): string {
  const [a, b, c] = [1, 2, 3].map((k) => mixed(seed * 3 + k + salt * 0x10001));
  const quad = (value = 0, shift = 0): string => quads[(value >>> shift) & 0xffff] ?? '';
  const ending = quads[seed & 0xffff] ?? '';
  return `${quad(a, 15)}${quad(a)}-${quad(b)}-4${quad(b, 15).slice(1)}-a${quad(c).slice(1)}-${quad(seed, 16)}${quad(c, 15)}${ending}`;
}

import type { Json } from '../../src/base/json.ts';
import { attributeField, type Fields } from '../../src/domain/fields.ts';
import { entityKey, type EntityKey } from '../../src/domain/identity.ts';
import { mediaRef } from '../../src/sync/ports.ts';
import type { SampleIds } from '../support/hub-sample.ts';
import type { HubClient } from '../support/hub.ts';
import { sha256 } from './files.ts';
import type { Contents, Fault, Ledger } from './ledger.ts';

interface Mark {
  id: number;
  mark: number;
  version: number;
  elemental_id: string;
  variant_deleted: boolean;
  frame?: number;
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  localizations?: number[];
  attributes: Record<string, Json>;
}

interface MediaRow {
  id: number;
  name: string;
  elemental_id: string;
  attributes: Record<string, Json>;
  media_files: Record<'image' | 'archival', { path: string; size: number }[] | undefined> | null;
}

export interface Judged {
  ledger: Ledger;
  /** Name to digest of the files that were added. */
  files: ReadonlyMap<string, string>;
}

interface OnHub {
  marks: Record<'localization' | 'state', Mark[]>;
  medias: MediaRow[];
  current: Map<EntityKey, Fields>;
}

/** Holds what the hub has against what was acknowledged. */
export async function judge(rest: HubClient, ids: SampleIds, { ledger, files }: Judged): Promise<Fault[]> {
  const { marks, medias, current } = await readHub(rest, ids);
  const faults = (['localization', 'state'] as const).flatMap((kind) =>
    [...grouped(marks[kind])].flatMap(([elementalId, chain]) => doubles(`${kind} ${elementalId}`, chain)),
  );
  faults.push(...ledger.faults(current, 'on the hub'), ...staleMembers(marks));
  faults.push(...(await wrongFiles(rest, ids, { medias, files })));
  return faults;
}

/** What the hub has at present. */
export async function contentsOnHub(rest: HubClient, ids: SampleIds): Promise<Contents> {
  return (await readHub(rest, ids)).current;
}

async function readHub(rest: HubClient, ids: SampleIds): Promise<OnHub> {
  const marks = {
    localization: await marksOf(rest, `/rest/Localizations/${ids.project}`),
    state: await marksOf(rest, `/rest/States/${ids.project}`),
  };
  const medias = (await rest<MediaRow[]>('GET', `/rest/Medias/${ids.project}`)).body;
  const names = new Map(marks.localization.map(({ id, elemental_id }) => [id, elemental_id]));
  const current = new Map<EntityKey, Fields>();
  for (const kind of ['localization', 'state'] as const) {
    for (const [elementalId, chain] of grouped(marks[kind])) {
      const last = chain.at(-1)!;
      const ref = { kind, version: last.version, elementalId };
      if (!last.variant_deleted) current.set(entityKey(ref), fieldsOf(last, names));
    }
  }
  for (const { elemental_id, attributes } of medias)
    current.set(entityKey(mediaRef(elemental_id)), attributesAsFields(attributes));
  return { marks, medias, current };
}

/** All marks, tombstones too, in the order of their numbers. */
async function marksOf(rest: HubClient, path: string): Promise<Mark[]> {
  const { body } = await rest<Mark[]>('GET', `${path}?show_all_marks=1&show_deleted=1&merge=0`);
  return body.sort((a, b) => a.mark - b.mark || a.id - b.id);
}

function grouped(marks: readonly Mark[]): Map<string, Mark[]> {
  const chains = new Map<string, Mark[]>();
  for (const mark of marks) chains.set(mark.elemental_id, [...(chains.get(mark.elemental_id) ?? []), mark]);
  return chains;
}

/** A request that was carried out twice leaves two marks of one number, or the same content twice in a row. */
function doubles(what: string, chain: readonly Mark[]): Fault[] {
  const faults: Fault[] = [];
  chain.forEach((mark, i) => {
    const before = chain[i - 1];
    if (before === undefined) return;
    if (mark.mark === before.mark) faults.push({ kind: 'doubled', text: `${what}: mark ${mark.mark} twice` });
    if (contentOf(mark) === contentOf(before))
      faults.push({ kind: 'doubled', text: `${what}: marks ${before.mark} and ${mark.mark} are alike` });
  });
  return faults;
}

function contentOf({ variant_deleted, frame, x, y, width, height, localizations, attributes }: Mark): string {
  return JSON.stringify([variant_deleted, frame, x, y, width, height, localizations, attributes]);
}

function fieldsOf(mark: Mark, names: ReadonlyMap<number, string>): Fields {
  const { frame, x, y, width, height, localizations, attributes } = mark;
  const fields = attributesAsFields(attributes);
  if (localizations !== undefined)
    return { ...fields, localizations: localizations.map((id) => names.get(id) ?? `row ${id}`).sort() };
  return {
    ...fields,
    frame: frame ?? null,
    geometry: { kind: 'box', x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 },
  };
}

function attributesAsFields(attributes: Record<string, Json>): Fields {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [attributeField(name), value]));
}

/** Tracks that do not name the newest rows of their members. */
function staleMembers({ localization, state }: Record<'localization' | 'state', Mark[]>): Fault[] {
  const newest = new Set([...grouped(localization).values()].map((chain) => chain.at(-1)!.id));
  return [...grouped(state).values()].flatMap((chain): Fault[] => {
    const { elemental_id, variant_deleted, localizations = [] } = chain.at(-1)!;
    const stale = localizations.filter((id) => !newest.has(id));
    if (variant_deleted || stale.length === 0) return [];
    return [{ kind: 'wrong', text: `state ${elemental_id} names older rows: ${stale.join(', ')}` }];
  });
}

async function wrongFiles(
  rest: HubClient,
  ids: SampleIds,
  { medias, files }: { medias: MediaRow[]; files: ReadonlyMap<string, string> },
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const [name, digest] of files) {
    const [media, ...twins] = medias.filter((one) => one.name === name);
    if (twins.length > 0)
      faults.push({ kind: 'doubled', text: `media ${name} is there ${twins.length + 1} times` });
    const stored = media?.media_files?.image ?? media?.media_files?.archival ?? [];
    const [file] = stored;
    if (file === undefined) {
      faults.push({ kind: 'lost', text: `the file of media ${name} is missing` });
      continue;
    }
    if (stored.length > 1) faults.push({ kind: 'doubled', text: `media ${name} has ${stored.length} files` });
    const path = `/rest/DownloadInfo/${ids.project}`;
    const { body } = await rest<{ url: string }[]>('POST', path, { keys: [file.path] });
    const bytes = new Uint8Array(await (await fetch(body[0]?.url ?? '')).arrayBuffer());
    if (sha256(bytes) !== digest)
      faults.push({ kind: 'wrong', text: `${name} is not what was added: ${bytes.length} bytes` });
  }
  const known = new Set(files.keys());
  for (const { name } of medias)
    if (!known.has(name)) faults.push({ kind: 'wrong', text: `media ${name} was added by nobody` });
  return faults;
}

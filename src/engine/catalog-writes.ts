import type { Json } from '../base/json.ts';
import type { Fields } from '../domain/fields.ts';
import type { CatalogKind } from '../domain/identity.ts';
import type { CatalogSpec } from '../sync/ports.ts';
import type { ServerCall } from './server-call.ts';
import { asId, asRecord, attributeMembers, newAttributes, type Wire } from './wire.ts';

export interface CatalogTarget {
  kind: CatalogKind;
  serverId: number;
}

interface CallOptions {
  timeoutMs: number;
  idempotencyKey?: string;
}

const creates: Record<CatalogKind, string> = {
  section: 'create_section',
  version: 'create_version',
  leaf: 'create_leaf_list',
  bookmark: 'create_bookmark',
  favorite: 'create_favorite',
};

/** Makes what the spec says; its row id. */
export async function createInCatalog(
  call: ServerCall,
  { projectId, spec, options }: { projectId: number; spec: CatalogSpec; options: CallOptions },
): Promise<number> {
  const operation = creates[spec.ref.kind];
  const reply = asRecord(
    await call(operation, { project: projectId, body: bodyOf(spec) }, options),
    operation,
  );
  const id: unknown = Array.isArray(reply.id) ? reply.id[0] : reply.id;
  return asId(id, spec.ref.kind);
}

function bodyOf({ ref: { kind, elementalId }, type, fields }: CatalogSpec): Wire {
  const { name = '' } = fields;
  switch (kind) {
    case 'section':
      return {
        ...given(fields, ['path', 'dtype', 'visible']),
        ...{ name, elemental_id: elementalId },
        // Clients of older servers know the members of a section by this text.
        tator_user_sections: elementalId,
      };
    case 'version':
      return {
        ...given(fields, ['description', 'show_empty', 'bases']),
        ...{ name, elemental_id: elementalId },
      };
    case 'leaf':
      return { ...given(fields, ['parent']), name, type, attributes: newAttributes(fields) };
    case 'bookmark':
      return given(fields, ['name', 'uri']);
    case 'favorite':
      return { ...given(fields, ['name', 'page', 'values', 'entity_type_name']), type };
  }
}

/** `whole`: the content after the change. */
export async function patchInCatalog(
  call: ServerCall,
  { kind, serverId }: CatalogTarget,
  { changes, whole, options }: { changes: Fields; whole: Fields; options: CallOptions },
): Promise<null> {
  await call(`update_${kind}`, { id: serverId, body: changeOf(kind, changes, whole) }, options);
  return null;
}

function changeOf(kind: CatalogKind, changes: Fields, whole: Fields): Wire {
  // A Tator server takes what is left out here for the default, and so would empty it.
  if (kind === 'version') return { ...changes, ...given(whole, ['description', 'show_empty']) };
  if (kind !== 'leaf') return { ...changes };
  return {
    ...given(changes, ['name']),
    // Null would be left alone; -1 makes it a root.
    ...('parent' in changes ? { parent: changes.parent ?? -1 } : {}),
    ...attributeMembers(changes),
  };
}

export async function deleteInCatalog(
  call: ServerCall,
  { kind, serverId }: CatalogTarget,
  options: CallOptions,
): Promise<null> {
  await call(`delete_${kind}`, { id: serverId }, options);
  return null;
}

/** Those of the fields that have a value. */
function given(fields: Fields, names: readonly string[]): Record<string, Json> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = fields[name] ?? null;
      return value === null ? [] : [[name, value]];
    }),
  );
}

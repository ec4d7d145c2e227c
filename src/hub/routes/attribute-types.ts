import type { Caller } from '../access/access.ts';
import { requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import {
  removeFromInstances,
  renameOnInstances,
  setOnInstances,
  type InstancesOf,
} from '../attribute-rewrites.ts';
import { checkDefinition } from '../attribute-types.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Tx } from '../db/database.ts';
import type { AttributeType, TypeKind } from '../db/schema.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';

const kinds: Readonly<Record<string, TypeKind>> = {
  MediaType: 'media',
  LocalizationType: 'localization',
  StateType: 'state',
  LeafType: 'leaf',
  FileType: 'file',
};

/** Letters, digits, `_`, white space and `- > < % : & # ; ( ) , @`. */
const allowedName = /^[\p{L}\p{N}_\s\-><%:&#;(),@]+$/u;

/** Changes that keep the stored values readable. */
const interchangeable = [
  ['int', 'float'],
  ['enum', 'string'],
];

/** Definitions of one type, changed together with the instances in one transaction. */
export function attributeTypeRoutes(serve: Serve, { db }: HubDeps): void {
  serve('create_attribute_type', async ({ caller, params, body }) => {
    await change({ caller, id: params.id, entity: body.entity_type }, async (tx, types, of) => {
      if (body.addition === undefined) throw badRequest('The new attribute is missing: "addition".');
      const addition = checkName(checkDefinition(body.addition));
      if (types.some((type) => type.name === addition.name)) {
        throw badRequest(`There already is an attribute "${addition.name}".`);
      }
      if (addition.default !== undefined && addition.default !== null) {
        await setOnInstances(tx, of, addition.name, addition.default);
      }
      return [...types, addition];
    });
    return created({ message: 'Attribute type added successfully!' });
  });

  serve('update_attribute_type', async ({ caller, params, body }) => {
    await edit({ caller, id: params.id, body }, (current, update) => ({ ...current, ...update }));
    return ok({ message: 'Attribute type updated successfully!' });
  });

  serve('replace_attribute_type', async ({ caller, params, body }) => {
    await edit({ caller, id: params.id, body }, (_current, update) => update);
    return ok({ message: 'Attribute type replaced successfully!' });
  });

  serve('delete_attribute_type', async ({ caller, params, body }) => {
    await change({ caller, id: params.id, entity: body.entity_type }, async (tx, types, of) => {
      const doomed = named(types, body.name);
      await removeFromInstances(tx, of, doomed.name);
      return types.filter((type) => type !== doomed);
    });
    return ok({ message: 'Attribute type deleted successfully!' });
  });

  interface EditBody {
    entity_type?: string | undefined;
    current_name?: string | undefined;
    attribute_type_update?: object | undefined;
  }

  async function edit(
    { caller, id, body }: { caller: Caller; id: number; body: EditBody },
    combine: (current: AttributeType, update: AttributeType) => AttributeType,
  ): Promise<void> {
    await change({ caller, id, entity: body.entity_type }, async (tx, types, of) => {
      const current = named(types, body.current_name);
      if (body.attribute_type_update === undefined)
        throw badRequest('The change is missing: "attribute_type_update".');
      const update = body.attribute_type_update as AttributeType;
      const next = checkDefinition(combine(current, update));
      checkDtypes(current, next);
      if (next.name !== current.name) {
        checkName(next);
        if (types.some((type) => type.name === next.name))
          throw badRequest(`There already is an attribute "${next.name}".`);
        await renameOnInstances(tx, of, current.name, next.name);
      }
      return types.map((type) => (type === current ? next : type));
    });
  }

  interface Place {
    caller: Caller;
    id: number;
    entity: string | undefined;
  }

  /** Attributes of sections are defined on the project, whose id stands for the type's. */
  async function changeOfSections(
    { caller, id }: Pick<Place, 'caller' | 'id'>,
    work: (tx: Tx, types: AttributeType[], of: InstancesOf) => Promise<AttributeType[]>,
  ): Promise<void> {
    await db.transaction().execute(async (tx) => {
      await requireProject(tx, caller, id, level.full);
      const row = await tx
        .selectFrom('projects')
        .select('attribute_types')
        .where('id', '=', id)
        .forUpdate()
        .executeTakeFirstOrThrow();
      const types = await work(tx, row.attribute_types, { kind: 'section', type: id });
      await tx
        .updateTable('projects')
        .set({ attribute_types: JSON.stringify(types) })
        .where('id', '=', id)
        .execute();
    });
  }

  async function change(
    { caller, id, entity }: Place,
    work: (tx: Tx, types: AttributeType[], of: InstancesOf) => Promise<AttributeType[]>,
  ): Promise<void> {
    if (entity === 'Section') return changeOfSections({ caller, id }, work);
    const kind = kinds[entity ?? ''];
    if (!kind) throw badRequest('An attribute needs the "entity_type" that it belongs to.');
    await db.transaction().execute(async (tx) => {
      const row = await tx
        .selectFrom('entity_types')
        .selectAll()
        .where('id', '=', id)
        .where('kind', '=', kind)
        .forUpdate()
        .executeTakeFirst();
      if (!row) throw notFound(`There is no ${kind} type ${id}.`);
      await requireProject(tx, caller, row.project, level.full);
      const types = await work(tx, row.attribute_types, { kind, type: id });
      await tx
        .updateTable('entity_types')
        .set({ attribute_types: JSON.stringify(types) })
        .where('id', '=', id)
        .execute();
    });
  }
}

function named(types: readonly AttributeType[], name: string | undefined): AttributeType {
  const type = types.find((known) => known.name === name);
  if (!type) throw badRequest(`There is no attribute "${name ?? ''}".`);
  return type;
}

function checkName(type: AttributeType): AttributeType {
  if (!allowedName.test(type.name))
    throw badRequest(`"${type.name}" holds characters that a name cannot have.`);
  return type;
}

function checkDtypes(current: AttributeType, next: AttributeType): void {
  const allowed = interchangeable.some((pair) => pair.includes(current.dtype) && pair.includes(next.dtype));
  if (next.dtype !== current.dtype && !allowed) {
    throw badRequest(`The attribute "${current.name}" cannot change from ${current.dtype} to ${next.dtype}.`);
  }
}

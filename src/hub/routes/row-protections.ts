import type { Selectable } from 'kysely';
import type { Caller } from '../access/access.ts';
import { controlledBy, requireControl } from '../access/protection-targets.ts';
import { targetKinds, type Target, type TargetKind } from '../access/protections.ts';
import { created, ok, type Serve } from '../call.ts';
import type { RowProtections } from '../db/schema-people.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';

/** Four bytes of rights: on the target itself, and on what lies up to three levels below it. */
const LARGEST_MASK = 0xffff_ffff;

const subjectColumns = { user: 'user_id', organization: 'organization_id', group: 'group_id' } as const;
type Subject = keyof typeof subjectColumns;
const subjects = Object.keys(subjectColumns) as Subject[];

/** Fine-grained rights. They are kept for clients that set them; membership levels decide here. */
export function rowProtectionRoutes(serve: Serve, { db, clock }: HubDeps): void {
  serve('create_row_protection', async ({ caller, body }) => {
    const permission = checkMask(body.permission);
    const target = onlyOne<TargetKind>(body, targetKinds, 'target');
    const subject = onlyOne<Subject>(body, subjects, 'subject');
    await requireControl(db, caller, target);
    const row = await db
      .insertInto('row_protections')
      .values({
        target_kind: target.kind,
        target_id: target.id,
        [subjectColumns[subject.kind]]: subject.id,
        permission,
        created_by: caller.id,
        created_datetime: new Date(clock.now()),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created({ message: 'Row protection created successfully!', id: row.id });
  });

  serve('get_row_protection_list', async ({ caller, query }) => {
    const targets = given<TargetKind>(query, targetKinds);
    for (const target of targets) await requireControl(db, caller, target);
    let rows = db.selectFrom('row_protections').selectAll().where(controlledBy(caller));
    for (const { kind, id } of targets) {
      rows = rows.where('target_kind', '=', kind).where('target_id', '=', id);
    }
    for (const { kind, id } of given<Subject>(query, subjects)) {
      rows = rows.where(subjectColumns[kind], '=', id);
    }
    return ok((await rows.orderBy('id').execute()).map(protectionJson));
  });

  serve('get_row_protection', async ({ caller, params }) =>
    ok(protectionJson(await find(caller, params.id))),
  );

  serve('update_row_protection', async ({ caller, params, body }) => {
    const row = await find(caller, params.id);
    if (body.permission === undefined) throw badRequest('Only the permission can be changed.');
    await db
      .updateTable('row_protections')
      .set({ permission: checkMask(body.permission) })
      .where('id', '=', row.id)
      .execute();
    return ok({ message: `Row protection ${row.id} updated successfully!` });
  });

  serve('delete_row_protection', async ({ caller, params }) => {
    const row = await find(caller, params.id);
    await db.deleteFrom('row_protections').where('id', '=', row.id).execute();
    return ok({ message: `Row protection ${row.id} deleted successfully!` });
  });

  async function find(caller: Caller, id: number): Promise<Selectable<RowProtections>> {
    const row = await db.selectFrom('row_protections').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no row protection ${id}.`);
    await requireControl(db, caller, targetOf(row));
    return row;
  }
}

type Members = Readonly<Record<string, unknown>>;

/** The members of a body or a query that name one of `kinds`. */
function given<Kind extends string>(members: Members, kinds: readonly Kind[]): { kind: Kind; id: number }[] {
  return kinds.flatMap((kind) => {
    const id = members[kind];
    return typeof id === 'number' ? [{ kind, id }] : [];
  });
}

function onlyOne<Kind extends string>(
  members: Members,
  kinds: readonly Kind[],
  what: string,
): { kind: Kind; id: number } {
  const [first, ...more] = given(members, kinds);
  if (!first || more.length > 0) throw badRequest(`A protection needs exactly one ${what}.`);
  return first;
}

function checkMask(mask: number): number {
  if (mask < 0 || mask > LARGEST_MASK) throw badRequest('The permission is not a mask of four bytes.');
  return mask;
}

function targetOf(row: Selectable<RowProtections>): Target {
  const kind = targetKinds.find((known) => known === row.target_kind);
  if (!kind) throw notFound();
  return { kind, id: row.target_id };
}

function protectionJson(row: Selectable<RowProtections>): Record<string, unknown> {
  const target = Object.fromEntries(
    targetKinds.map((kind) => [kind, kind === row.target_kind ? row.target_id : null]),
  );
  const subject = Object.fromEntries(subjects.map((kind) => [kind, row[subjectColumns[kind]]]));
  const { id, permission, created_by, created_datetime } = row;
  return { id, ...target, ...subject, permission: Number(permission), created_by, created_datetime };
}

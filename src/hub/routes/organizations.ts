import { requireOrganization, type Caller } from '../access/access.ts';
import { protectFully } from '../access/protections.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Db, Tx } from '../db/database.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { downloadUrl } from '../files/presign.ts';

/** Life of the URL of an organization's picture. */
const THUMB_SECONDS = 8 * 3600;

export function organizationRoutes(serve: Serve, { db, clock, settings, signer }: HubDeps): void {
  serve('get_organization_list', async ({ caller, origin }) => {
    const rows = await organizations(db, caller).orderBy('name').execute();
    return ok(rows.map((row) => organizationJson(row, origin)));
  });

  serve('get_organization', async ({ caller, params, origin }) => {
    await requireOrganization(db, caller, params.id, 'Member');
    const row = await organizations(db, caller)
      .where('organizations.id', '=', params.id)
      .executeTakeFirstOrThrow();
    return ok(organizationJson(row, origin));
  });

  serve('create_organization', async ({ caller, body }) => {
    if (!caller.isStaff && !settings.anybodyMakesOrganizations) throw forbidden();
    const id = await db.transaction().execute(async (tx) => {
      await requireFreeName(tx, caller, body.name);
      const row = await tx
        .insertInto('organizations')
        .values({
          name: body.name,
          default_membership_permission: body.default_membership_permission ?? 'No Access',
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      await affiliate(tx, { user: caller.id, organization: row.id, permission: 'Admin' });
      await protectFully(tx, caller.id, { kind: 'target_organization', id: row.id }, clock.now());
      return row.id;
    });
    return created({ message: 'Organization successfully created!', id });
  });

  serve('update_organization', async ({ caller, params, body }) => {
    await requireOrganization(db, caller, params.id, 'Admin');
    const set = {
      ...(body.name === undefined ? {} : { name: body.name }),
      ...(body.thumb === undefined ? {} : { thumb: checkThumb(params.id, body.thumb) }),
      ...(body.default_membership_permission === undefined
        ? {}
        : { default_membership_permission: body.default_membership_permission }),
    };
    if (Object.keys(set).length === 0) throw badRequest('Nothing to change was given.');
    await db.transaction().execute(async (tx) => {
      if (body.name !== undefined) await requireFreeName(tx, caller, body.name);
      await tx.updateTable('organizations').set(set).where('id', '=', params.id).execute();
    });
    return ok({ message: `Organization ${params.id} successfully updated!` });
  });

  serve('delete_organization', async ({ caller, params }) => {
    await requireOrganization(db, caller, params.id, 'Admin');
    await db.deleteFrom('organizations').where('id', '=', params.id).execute();
    return ok({ message: `Organization ${params.id} successfully deleted!` });
  });

  serve('create_affiliation', async ({ caller, params, body }) => {
    await requireOrganization(db, caller, params.organization, 'Admin');
    const { user, permission = 'Member' } = body;
    if (user === undefined) throw badRequest('An affiliation needs a user.');
    const id = await db
      .transaction()
      .execute((tx) => affiliate(tx, { user, organization: params.organization, permission }));
    return created({ message: 'Affiliation successfully created!', id });
  });

  serve('get_affiliation_list', async ({ caller, params }) => {
    await requireOrganization(db, caller, params.organization, 'Member');
    const rows = affiliations(db).where('organization_id', '=', params.organization);
    return ok(await rows.orderBy('last_name').orderBy('username').execute());
  });

  serve('get_affiliation', async ({ caller, params }) => ok(await find(caller, params.id, 'Member')));

  serve('update_affiliation', async ({ caller, params, body }) => {
    const row = await find(caller, params.id, 'Admin');
    const permission = body.permission ?? row.permission;
    await db.updateTable('affiliations').set({ permission }).where('id', '=', row.id).execute();
    return ok({ message: `Affiliation ${row.id} successfully updated!` });
  });

  serve('delete_affiliation', async ({ caller, params }) => {
    const row = await find(caller, params.id, 'Admin');
    await db.deleteFrom('affiliations').where('id', '=', row.id).execute();
    return ok({ message: `Affiliation ${row.id} successfully deleted!` });
  });

  async function find(caller: Caller, id: number, need: 'Member' | 'Admin') {
    const row = await affiliations(db).where('affiliations.id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no affiliation ${id}.`);
    await requireOrganization(db, caller, row.organization_id, need);
    return row;
  }

  function organizationJson(row: { thumb: string }, origin: string): Record<string, unknown> {
    const expires = Math.floor(clock.now() / 1000) + THUMB_SECONDS;
    const thumb = row.thumb === '' ? null : downloadUrl({ signer, origin, expires }, row.thumb);
    return { ...row, thumb, effective_permission: 0 };
  }
}

/** The caller's organizations with the caller's part in each. */
function organizations(db: Db, caller: Caller) {
  return db
    .selectFrom('organizations')
    .innerJoin('affiliations', 'affiliations.organization_id', 'organizations.id')
    .select(['organizations.id', 'name', 'thumb', 'default_membership_permission', 'permission'])
    .where('affiliations.user_id', '=', caller.id);
}

function affiliations(db: Db) {
  return db
    .selectFrom('affiliations')
    .innerJoin('users', 'users.id', 'affiliations.user_id')
    .select(['affiliations.id', 'user_id', 'organization_id', 'permission'])
    .select(['username', 'first_name', 'last_name', 'email']);
}

/** Names differ, whatever the case, among the organizations of one user; one that stays is taken too. */
async function requireFreeName(tx: Tx, caller: Caller, name: string): Promise<void> {
  if (name.trim() === '') throw badRequest('The name is empty.');
  const rows = tx
    .selectFrom('organizations')
    .innerJoin('affiliations', 'affiliations.organization_id', 'organizations.id')
    .select('organizations.id')
    .where('user_id', '=', caller.id)
    .where((eb) => eb(eb.fn('lower', ['name']), '=', name.toLowerCase()));
  if (await rows.executeTakeFirst()) throw badRequest(`An organization named "${name}" exists already.`);
}

/** Keys of an organization's own files: `<organization>/<name>`. */
function checkThumb(organization: number, key: string): string {
  const [owner, name, ...more] = key.split('/');
  if (owner !== String(organization) || !name || more.length > 0 || name.startsWith('.')) {
    throw badRequest('The picture must be an upload of this organization.');
  }
  return key;
}

/**
 * Makes a user part of an organization.
 * @throws HubError 400 for an unknown user or one that is part of it already.
 */
export async function affiliate(
  tx: Tx,
  { user, organization, permission }: { user: number; organization: number; permission: string },
): Promise<number> {
  const known = await tx
    .selectFrom('users')
    .select('id')
    .where('id', '=', user)
    .forUpdate() // two requests for one user take turns
    .executeTakeFirst();
  if (!known) throw badRequest(`There is no user ${user}.`);
  const there = await tx
    .selectFrom('affiliations')
    .select('id')
    .where('user_id', '=', user)
    .where('organization_id', '=', organization)
    .executeTakeFirst();
  if (there) throw badRequest('The user belongs to the organization already.');
  const row = await tx
    .insertInto('affiliations')
    .values({ user_id: user, organization_id: organization, permission })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

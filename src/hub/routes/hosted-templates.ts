import type { Selectable } from 'kysely';
import { requireOrganization, type Caller, type OrganizationLevel } from '../access/access.ts';
import { created, ok, type Serve } from '../call.ts';
import type { HostedTemplates, NamedValue } from '../db/schema-work.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { omit } from '../omit.ts';

type Row = Selectable<HostedTemplates>;

const LONGEST_NAME = 128;

interface Spec {
  name: string;
  url: string;
  tparams?: readonly NamedValue[] | undefined;
  headers?: readonly NamedValue[] | undefined;
}

/** Templates of an organization for manifests and pages. Headers may hold a password and are never shown. */
export function hostedTemplateRoutes(serve: Serve, { db, remote }: HubDeps): void {
  serve('create_hosted_template', async ({ caller, params, body }) => {
    await requireOrganization(db, caller, params.organization, 'Admin');
    const row = await db
      .insertInto('hosted_templates')
      .values({ organization: params.organization, ...columnsOf(body) })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created({ message: `Hosted template ${body.name} created!`, id: row.id });
  });

  serve('get_hosted_template_list', async ({ caller, params }) => {
    await requireOrganization(db, caller, params.organization, 'Member');
    const rows = db
      .selectFrom('hosted_templates')
      .selectAll()
      .where('organization', '=', params.organization);
    return ok((await rows.orderBy('id').execute()).map(templateJson));
  });

  serve('get_hosted_template', async ({ caller, params }) =>
    ok(templateJson(await find(caller, params.id, 'Member'))),
  );

  serve('update_hosted_template', async ({ caller, params, body }) => {
    const row = await find(caller, params.id, 'Admin');
    await db.updateTable('hosted_templates').set(columnsOf(body)).where('id', '=', row.id).execute();
    // The protocol answers 201 here.
    return created({ message: `Hosted template ${row.id} successfully updated!` });
  });

  serve('delete_hosted_template', async ({ caller, params }) => {
    const row = await find(caller, params.id, 'Admin');
    for (const table of ['algorithms', 'applets'] as const) {
      const used = await db
        .selectFrom(table)
        .select('name')
        .where('template', '=', row.id)
        .executeTakeFirst();
      if (used) throw badRequest(`"${used.name}" is made of this template.`);
    }
    await db.deleteFrom('hosted_templates').where('id', '=', row.id).execute();
    return ok({ message: `Hosted template ${row.id} successfully deleted!` });
  });

  async function find(caller: Caller, id: number, need: OrganizationLevel): Promise<Row> {
    const row = await db.selectFrom('hosted_templates').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no hosted template ${id}.`);
    await requireOrganization(db, caller, row.organization, need);
    return row;
  }

  function columnsOf({ name, url, tparams = [], headers = [] }: Spec) {
    if (name.trim() === '' || name.length > LONGEST_NAME)
      throw badRequest(`A template needs a name of at most ${LONGEST_NAME} characters.`);
    for (const header of headers) {
      // As HTTP has them: a line break in one would be another header.
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header.name) || /[^\t\x20-\x7e]/.test(String(header.value)))
        throw badRequest('A header has a name of letters and a value of one line.');
    }
    const { href } = remote.check(url);
    return { name, url: href, tparams: JSON.stringify(tparams), headers: JSON.stringify(headers) };
  }
}

function templateJson(row: Row): Record<string, unknown> {
  return omit(row, ['headers']);
}

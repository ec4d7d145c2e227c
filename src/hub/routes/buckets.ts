import { requireOrganization, type Caller } from '../access/access.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Db } from '../db/database.ts';
import type { StoreType } from '../db/schema-work.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { reach } from '../objects/bucket-kinds.ts';
import type { BucketRow } from '../objects/placed-store.ts';

/** Storage classes of archived media by kind of store; the first is the default. */
const archiveClasses: Readonly<Record<StoreType, readonly string[]>> = {
  AWS: ['DEEP_ARCHIVE', 'STANDARD'],
  MINIO: ['STANDARD'],
  VAST: ['STANDARD'],
  GCP: ['COLDLINE', 'STANDARD'],
  OCI: ['STANDARD'],
  AZURE: ['STANDARD'],
};

const LONGEST_NAME = 63;

interface Wanted {
  name: string;
  store_type: StoreType;
  config: Record<string, unknown>;
  archive_sc?: string | undefined;
  live_sc?: string | undefined;
  external_host?: string | null | undefined;
}

/** Stores of an organization for the files of its projects; a matter of its administrators. */
export function bucketRoutes(serve: Serve, { db, remote }: HubDeps): void {
  serve('create_bucket', async ({ caller, params, body }) => {
    await requireOrganization(db, caller, params.organization, 'Admin');
    const values = checked(body);
    const row = await db
      .insertInto('buckets')
      .values({ organization: params.organization, ...values, config: JSON.stringify(body.config) })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created({ message: `Bucket ${values.name} created!`, id: row.id });
  });

  serve('get_bucket_list', async ({ caller, params }) => {
    await requireOrganization(db, caller, params.organization, 'Admin');
    const rows = db.selectFrom('buckets').selectAll().where('organization', '=', params.organization);
    return ok((await rows.orderBy('id').execute()).map(bucketJson));
  });

  serve('get_bucket', async ({ caller, params }) => ok(bucketJson(await find(caller, params.id))));

  serve('update_bucket', async ({ caller, params, body }) => {
    const row = await find(caller, params.id);
    const { effective_permission: _shown, ...changes } = body;
    if (Object.keys(changes).length === 0) throw badRequest('Nothing to change was given.');
    // A class of another kind of store is not kept over a change of the kind.
    const before = changes.store_type === undefined ? row : { ...row, archive_sc: undefined };
    const wanted = { ...before, ...changes, config: changes.config ?? row.config };
    await requireSamePlace(row, wanted);
    const values = { ...checked(wanted), config: JSON.stringify(wanted.config) };
    await db.updateTable('buckets').set(values).where('id', '=', row.id).execute();
    return ok({ message: `Bucket ${row.id} updated successfully!` });
  });

  serve('delete_bucket', async ({ caller, params }) => {
    const row = await find(caller, params.id);
    const project = await db
      .selectFrom('projects')
      .select('name')
      .where((where) =>
        where.or([
          where('bucket', '=', row.id),
          where('upload_bucket', '=', row.id),
          where('backup_bucket', '=', row.id),
        ]),
      )
      .executeTakeFirst();
    if (project) throw badRequest(`The project "${project.name}" uses this bucket.`);
    if (await holdsObjects(row.id)) throw badRequest('Files of media are in this bucket.');
    await db.deleteFrom('buckets').where('id', '=', row.id).execute();
    return ok({ message: `Bucket ${row.id} deleted successfully!` });
  });

  function checked(wanted: Wanted) {
    const { name, store_type, config } = wanted;
    if (name.trim() === '' || name.length > LONGEST_NAME)
      throw badRequest(`The name of a bucket has 1 to ${LONGEST_NAME} characters.`);
    const classes = archiveClasses[store_type];
    const archive_sc = wanted.archive_sc ?? classes[0] ?? 'STANDARD';
    if (!classes.includes(archive_sc))
      throw badRequest(`"archive_sc" of ${store_type} is one of ${classes.join(', ')}.`);
    const external_host = wanted.external_host ? hostOf(wanted.external_host) : null;
    if (store_type === 'OCI' && external_host === null)
      throw badRequest('A bucket of OCI needs "external_host".');
    const reached = reach({ name, store_type, config, external_host });
    remote.check(reached.endpoint);
    if (reached.by === 'google') remote.check(reached.account.tokenUri);
    return { name, store_type, archive_sc, live_sc: wanted.live_sc ?? 'STANDARD', external_host };
  }

  /** Files that are there would be looked for in another place. */
  async function requireSamePlace(row: BucketRow, wanted: Wanted): Promise<void> {
    const moved = row.name !== wanted.name || reach(row).endpoint !== reach(wanted).endpoint;
    if (moved && (await holdsObjects(row.id)))
      throw badRequest('Files of media are in this bucket: its name and endpoint stay as they are.');
  }

  async function holdsObjects(bucket: number): Promise<boolean> {
    const rows = db.selectFrom('object_homes').select('key').where('bucket', '=', bucket).limit(1);
    return (await rows.executeTakeFirst()) !== undefined;
  }

  async function find(caller: Caller, id: number): Promise<BucketRow> {
    const row = await db.selectFrom('buckets').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no bucket ${id}.`);
    await requireOrganization(db, caller, row.organization, 'Admin');
    return row;
  }
}

/** @throws HubError 403 unless every bucket that is named is one of the organization. */
export async function requireBuckets(
  db: Db,
  organization: number | null,
  ids: readonly (number | null | undefined)[],
): Promise<void> {
  for (const id of new Set(ids)) {
    if (id === undefined || id === null) continue;
    const row = await db.selectFrom('buckets').select('organization').where('id', '=', id).executeTakeFirst();
    if (!row || row.organization !== organization) {
      throw forbidden(`The bucket ${id} is not one of the project's organization.`);
    }
  }
}

function bucketJson({ config, ...row }: BucketRow): Record<string, unknown> {
  const s3 = row.store_type === 'OCI' ? config['boto3_config'] : config;
  const endpoint = typeof s3 === 'object' && s3 !== null && 'endpoint_url' in s3 ? s3.endpoint_url : null;
  return { ...row, endpoint_url: endpoint, effective_permission: 0 };
}

function hostOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw badRequest('"external_host" is a URL of http or https.');
  return url.origin;
}

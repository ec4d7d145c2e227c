import type { Selectable } from 'kysely';
import type { TemporaryFiles } from '../db/schema-work.ts';
import type { HubDeps } from '../deps.ts';
import { omit } from '../omit.ts';
import { servedKey, servedPath } from './served-files.ts';

export type TemporaryFileRow = Selectable<TemporaryFiles>;

type Deps = Pick<HubDeps, 'db' | 'objects' | 'clock'>;

/** An expired file stays so long, so that a download that has begun can end; ms. */
const GRACE = 3_600_000;
/** Time between two clean-ups; ms. */
const PAUSE = 600_000;

export interface NewTemporaryFile {
  project: number;
  user: number;
  name: string;
  lookup: string;
  /** What it is served as; its bytes are there already. */
  objectName: string;
  hours: number;
}

const HOUR = 3_600_000;

export async function addTemporaryFile(
  { db, clock }: Pick<HubDeps, 'db' | 'clock'>,
  { project, user, name, lookup, objectName, hours }: NewTemporaryFile,
): Promise<TemporaryFileRow> {
  const now = clock.now();
  return db
    .insertInto('temporary_files')
    .values({
      project,
      user_id: user,
      name,
      lookup,
      object_name: objectName,
      created_datetime: new Date(now),
      eol_datetime: new Date(now + hours * HOUR),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** As the API returns it; `origin` begins its URL. */
export function temporaryFileJson(row: TemporaryFileRow, origin: string): Record<string, unknown> {
  const path = origin + servedPath(row.project, row.object_name);
  return { ...omit(row, ['user_id', 'object_name']), user: row.user_id, path };
}

/** Deletes rows first: a kill in between leaves bytes that nobody can reach, never a row without them. */
export async function removeTemporaryFiles({ db, objects }: Deps, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  const organizations = await db
    .selectFrom('temporary_files')
    .innerJoin('projects', 'projects.id', 'temporary_files.project')
    .select(['temporary_files.object_name', 'projects.id', 'projects.organization'])
    .where('temporary_files.id', 'in', [...ids])
    .execute();
  await db
    .deleteFrom('temporary_files')
    .where('id', 'in', [...ids])
    .execute();
  for (const { object_name: name, ...project } of organizations)
    await objects.delete(servedKey(project, name));
}

/** Keeps the store free of expired files until it is stopped. */
export function cleanTemporaryFiles(deps: Deps, report: HubDeps['report']): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const clean = (): void => {
    running = running
      .then(async () => {
        const before = new Date(deps.clock.now() - GRACE);
        const rows = await deps.db
          .selectFrom('temporary_files')
          .select('id')
          .where('eol_datetime', '<', before)
          .execute();
        await removeTemporaryFiles(
          deps,
          rows.map(({ id }) => id),
        );
      })
      .catch((error: unknown) => report(error, 'clean-up of temporary files'));
  };
  clean();
  const timer = setInterval(clean, PAUSE);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

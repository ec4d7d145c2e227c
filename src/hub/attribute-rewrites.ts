import { sql } from 'kysely';
import type { Tx } from './db/database.ts';
import type { TypeKind } from './db/schema.ts';

const tableOf: Record<TypeKind | 'section', string | undefined> = {
  media: 'media',
  localization: 'localizations',
  state: 'states',
  leaf: 'leaves',
  file: undefined,
  section: 'sections',
};

export interface InstancesOf {
  kind: TypeKind | 'section';
  /** Id of the type; of the project, for sections. */
  type: number;
}

/** Gives every instance (all marks) the value, where a definition with a default is added. */
export async function setOnInstances(tx: Tx, of: InstancesOf, name: string, value: unknown): Promise<void> {
  const added = JSON.stringify({ [name]: value });
  await rewrite(tx, of, sql`attributes || ${added}::jsonb`, sql`true`);
}

/** Moves the key of every instance that has it. */
export async function renameOnInstances(tx: Tx, of: InstancesOf, from: string, to: string): Promise<void> {
  const moved = sql`(attributes - ${from}::text) || jsonb_build_object(${to}::text, attributes -> ${from}::text)`;
  await rewrite(tx, of, moved, sql`attributes ? ${from}::text`);
}

export async function removeFromInstances(tx: Tx, of: InstancesOf, name: string): Promise<void> {
  await rewrite(tx, of, sql`attributes - ${name}::text`, sql`attributes ? ${name}::text`);
}

async function rewrite(
  tx: Tx,
  { kind, type }: InstancesOf,
  value: ReturnType<typeof sql>,
  where: ReturnType<typeof sql>,
): Promise<void> {
  const table = tableOf[kind];
  if (table === undefined) return;
  const column = sql.ref(kind === 'section' ? 'project' : 'type');
  await sql`UPDATE ${sql.table(table)} SET attributes = ${value} WHERE ${column} = ${type} AND ${where}`.execute(
    tx,
  );
}

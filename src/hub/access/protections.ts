import type { Tx } from '../db/database.ts';

/** What a protection can be about; the names are the API's. */
export const targetKinds = [
  'project',
  'media',
  'localization',
  'state',
  'file',
  'section',
  'algorithm',
  'version',
  'target_organization',
  'target_group',
  'job_cluster',
  'bucket',
  'hosted_template',
] as const;
export type TargetKind = (typeof targetKinds)[number];

export interface Target {
  kind: TargetKind;
  id: number;
}

/** Every right, on the object itself and on what lies up to three levels below it: four bytes. */
const FULL_PERMISSION = 0xffff_ffff;

/** Gives whoever made something every right on it. */
export async function protectFully(tx: Tx, user: number, target: Target, now: number): Promise<void> {
  await tx
    .insertInto('row_protections')
    .values({
      target_kind: target.kind,
      target_id: target.id,
      user_id: user,
      permission: FULL_PERMISSION,
      created_by: user,
      created_datetime: new Date(now),
    })
    .execute();
}

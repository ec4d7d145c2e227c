import type { NamedOperation } from './operation.ts';
import { accountOperations } from './operations/accounts.ts';
import { entityTypeOperations } from './operations/entity-types.ts';
import { fileOperations } from './operations/files.ts';
import { jobOperations } from './operations/jobs.ts';
import { leafOperations } from './operations/leaves.ts';
import { localizationOperations } from './operations/localizations.ts';
import { mediaFileOperations } from './operations/media-files.ts';
import { mediaOperations } from './operations/media.ts';
import { organizationOperations } from './operations/organizations.ts';
import { projectOperations } from './operations/projects.ts';
import { stateOperations } from './operations/states.ts';
import { uploadOperations } from './operations/uploads.ts';

/**
 * The whole REST contract: every operation by its name. The client's methods and types, the hub's
 * routes and checks, and the OpenAPI document all come from here.
 */
export const operations = {
  ...accountOperations,
  ...organizationOperations,
  ...projectOperations,
  ...entityTypeOperations,
  ...mediaOperations,
  ...mediaFileOperations,
  ...uploadOperations,
  ...localizationOperations,
  ...stateOperations,
  ...leafOperations,
  ...jobOperations,
  ...fileOperations,
} as const;

export type Operations = typeof operations;
export type OperationName = keyof Operations;

/** All operations without their particular types, for code that treats them alike. */
export const operationList: readonly NamedOperation[] = Object.values(operations);

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

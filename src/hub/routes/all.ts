import type { Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { accountRoutes } from './accounts.ts';
import { algorithmRoutes } from './algorithms.ts';
import { appletRoutes } from './applets.ts';
import { attributeTypeRoutes } from './attribute-types.ts';
import { bucketRoutes } from './buckets.ts';
import { changeLogRoutes } from './change-log.ts';
import { clipRoutes } from './clips.ts';
import { fileRoutes } from './files.ts';
import { graphicRoutes } from './graphics.ts';
import { groupRoutes } from './groups.ts';
import { hostedTemplateRoutes } from './hosted-templates.ts';
import { invitationRoutes } from './invitations.ts';
import { jobClusterRoutes } from './job-clusters.ts';
import { jobRoutes } from './jobs.ts';
import { leafRoutes } from './leaves.ts';
import { localizationRoutes } from './localizations.ts';
import { mediaFileRoutes } from './media-files.ts';
import { mediaRelationRoutes } from './media-relations.ts';
import { mediaRoutes } from './media.ts';
import { messageRoutes } from './messages.ts';
import { organizationRoutes } from './organizations.ts';
import { personalRoutes } from './personal.ts';
import { projectRoutes } from './projects.ts';
import { rowProtectionRoutes } from './row-protections.ts';
import { sectionRoutes } from './sections.ts';
import { stateRoutes } from './states.ts';
import { temporaryFileRoutes } from './temporary-files.ts';
import { transcodeRoutes } from './transcodes.ts';
import { typeRoutes } from './types.ts';
import { uploadRoutes } from './uploads.ts';
import { versionRoutes } from './versions.ts';

/** Every family of operations that this hub serves. */
export function serveEverything(serve: Serve, deps: HubDeps): void {
  for (const family of families) family(serve, deps);
}

const families = [
  accountRoutes,
  organizationRoutes,
  groupRoutes,
  bucketRoutes,
  rowProtectionRoutes,
  invitationRoutes,
  projectRoutes,
  typeRoutes,
  attributeTypeRoutes,
  versionRoutes,
  sectionRoutes,
  leafRoutes,
  mediaRoutes,
  mediaRelationRoutes,
  mediaFileRoutes,
  uploadRoutes,
  transcodeRoutes,
  graphicRoutes,
  clipRoutes,
  localizationRoutes,
  stateRoutes,
  personalRoutes,
  fileRoutes,
  temporaryFileRoutes,
  hostedTemplateRoutes,
  appletRoutes,
  algorithmRoutes,
  jobClusterRoutes,
  jobRoutes,
  messageRoutes,
  changeLogRoutes,
];

import type { HubDeps } from '../deps.ts';
import { badRequest, HubError } from '../errors.ts';
import { checkPlan } from './workflow/check-plan.ts';
import type { Workflow } from './workflow/manifest.ts';
import { readPlan } from './workflow/read-plan.ts';
import { workflowValues } from './workflow/workflow-values.ts';

/**
 * What cannot run on this machine is refused when a job is made, not in the night.
 * @param parameters those of any of the jobs: only their names count
 * @throws HubError 400 that names what of the manifest, or of the machine, is missing; 503 where the hub's
 *   operator has not allowed it
 */
export async function requireLocalRun(
  { containers, settings }: Pick<HubDeps, 'containers' | 'settings'>,
  workflow: Workflow,
  parameters: Readonly<Record<string, string>>,
): Promise<void> {
  if (settings.runs === 'nothing')
    throw new HubError(503, 'This hub runs no algorithms: its operator has not allowed it.');
  const plan = readPlan(workflow);
  checkPlan(plan, workflowValues(plan, { uid: '', name: '', parameters }));
  const leaves = [...plan.templates.values()].flatMap(({ name, body }) =>
    body.kind === 'leaf' ? [{ name, image: body.image }] : [],
  );
  const plain = leaves.find(({ image }) => image === undefined);
  if (plain && settings.runs === 'containers')
    throw badRequest(`The template "${plain.name}" names no image: this hub runs containers only.`);
  const contained = leaves.find(({ image }) => image !== undefined);
  if (!contained) return;
  try {
    await containers.require();
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    throw badRequest(`The template "${contained.name}" names an image. ${error.message}`, error.details);
  }
}

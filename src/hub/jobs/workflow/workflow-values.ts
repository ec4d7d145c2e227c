import type { Plan } from './plan.ts';
import type { Values } from './values.ts';

/** What a whole workflow knows: its own names, and its parameters under those that the job gives. */
export function workflowValues(
  { parameters: declared }: Pick<Plan, 'parameters'>,
  { uid, name, parameters: given }: { uid: string; name: string; parameters: Values },
): Values {
  const parameters = Object.entries({ ...declared, ...given });
  return {
    'workflow.uid': uid,
    'workflow.name': name,
    'workflow.parameters': JSON.stringify(parameters.map(([key, value]) => ({ name: key, value }))),
    ...Object.fromEntries(parameters.map(([key, value]) => [`workflow.parameters.${key}`, value])),
  };
}

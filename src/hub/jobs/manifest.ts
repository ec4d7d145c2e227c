import { parseAllDocuments } from 'yaml';
import { badRequest } from '../errors.ts';

/** What the hub has to know of an Argo workflow; all else is passed on as it was written. */
export interface Workflow {
  apiVersion: string;
  kind: 'Workflow';
  metadata: Record<string, unknown>;
  spec: Record<string, unknown> & { entrypoint: string; templates: WorkflowTemplate[] };
}

export type WorkflowTemplate = Record<string, unknown> & { name: string };

/** Bytes; a workflow of the field has some kilobytes. */
export const LARGEST_MANIFEST = 1_000_000;

/**
 * Reads the manifest of an algorithm: one YAML document that is an Argo workflow whose entry point is
 * one of its templates.
 * @throws HubError 400 that says what is wrong, with the line where YAML is.
 */
export function parseManifest(text: string): Workflow {
  const documents = parseAllDocuments(text);
  const [document, ...more] = 'empty' in documents ? [] : documents;
  if (document === undefined || more.length > 0) throw badRequest('A manifest is one YAML document.');
  const [problem] = document.errors;
  if (problem) throw badRequest(`The manifest is not YAML: ${problem.message.split('\n')[0] ?? ''}`);
  // Aliases that blow up are cut off by the library's limit, as an error.
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch {
    throw badRequest('The manifest repeats itself too often.');
  }
  return checkWorkflow(value);
}

function checkWorkflow(value: unknown): Workflow {
  if (!isRecord(value)) throw badRequest('The manifest is not a workflow.');
  const { apiVersion, kind, metadata = {}, spec } = value;
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith('argoproj.io/'))
    throw badRequest('The manifest has no apiVersion of Argo, such as argoproj.io/v1alpha1.');
  if (kind !== 'Workflow') throw badRequest('The kind of the manifest is not Workflow.');
  if (!isRecord(metadata) || !isRecord(spec)) throw badRequest('The manifest has no spec.');
  const { entrypoint, templates } = spec;
  if (!Array.isArray(templates) || !templates.every(isTemplate))
    throw badRequest('The spec of the manifest needs templates, each with a name.');
  if (typeof entrypoint !== 'string' || !templates.some(({ name }) => name === entrypoint))
    throw badRequest('The entrypoint of the manifest is none of its templates.');
  return { apiVersion, kind, metadata, spec: { ...spec, entrypoint, templates } };
}

function isTemplate(value: unknown): value is WorkflowTemplate {
  return isRecord(value) && typeof value['name'] === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

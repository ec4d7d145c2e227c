import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireOrganization, type Caller, type ProjectRow } from '../access/access.ts';
import type { NamedValue } from '../db/schema-work.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, HubError } from '../errors.ts';

/*
 * Templates that an organization keeps on another server: Jinja text, fetched anew each time that it is
 * used, and filled with the template's values under those of the algorithm or applet that uses it.
 */

/** What an algorithm or an applet says of its template. */
export interface TemplateUse {
  template: number;
  tparams: readonly NamedValue[];
  headers: readonly NamedValue[];
}

/** Bytes of a template, and of what it is rendered to. */
const LARGEST = 1_000_000;
const LONGEST_FETCH = 30_000;
/** Steps that a template may take; a loop without an end stops there. */
const FUEL = 200_000;

/** @throws HubError 400 for a template that cannot be had, or cannot be filled. */
export async function renderTemplate(deps: HubDeps, use: TemplateUse): Promise<string> {
  const template = await deps.db
    .selectFrom('hosted_templates')
    .selectAll()
    .where('id', '=', use.template)
    .executeTakeFirst();
  if (!template) throw badRequest(`There is no template ${use.template}.`);
  const headers = Object.fromEntries(named([...template.headers, ...use.headers]));
  const source = await fetchText(deps, template.url, headers);
  return fill(source, Object.fromEntries(named([...template.tparams, ...use.tparams])));
}

/**
 * The template that a caller names for a project: of the project's organization, by one of its
 * administrators.
 * @throws HubError 400, 403
 */
export async function requireTemplate(
  { db }: Pick<HubDeps, 'db'>,
  caller: Caller,
  project: Pick<ProjectRow, 'organization'>,
  template: number,
): Promise<void> {
  const row = await db
    .selectFrom('hosted_templates')
    .select('organization')
    .where('id', '=', template)
    .executeTakeFirst();
  if (!row || row.organization !== project.organization)
    throw badRequest(`There is no template ${template} in the project's organization.`);
  await requireOrganization(db, caller, row.organization, 'Admin');
}

/** What detail reads show of a template; nothing while it cannot be had. */
export async function renderedOf(
  deps: HubDeps,
  { template, tparams, headers }: { template: number | null } & Omit<TemplateUse, 'template'>,
): Promise<{ rendered?: string }> {
  if (template === null) return {};
  try {
    return { rendered: await renderTemplate(deps, { template, tparams, headers }) };
  } catch (error) {
    if (error instanceof HubError) return {};
    throw error;
  }
}

function named(values: readonly NamedValue[]): [string, string | number][] {
  return values.map(({ name, value }) => [name, value]);
}

async function fetchText(
  { remote, workFolder, makeId }: HubDeps,
  url: string,
  headers: Readonly<Record<string, string | number>>,
): Promise<string> {
  const path = join(workFolder, `template-${makeId()}`);
  const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const signal = AbortSignal.timeout(LONGEST_FETCH);
  try {
    await remote.download(url, path, { largest: LARGEST, headers: texts, signal });
    return await readFile(path, 'utf8');
  } catch (error) {
    if (signal.aborted) throw badRequest('The server of the template does not answer.');
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

/** Runs in WebAssembly without access to anything but the values. */
async function fill(source: string, values: Readonly<Record<string, string | number>>): Promise<string> {
  // A megabyte that most hubs never need.
  const { Environment } = await import('minijinja-js');
  const environment = new Environment();
  try {
    environment.enablePyCompat();
    environment.fuel = FUEL;
    const text = environment.renderStr(source, values);
    if (text.length > LARGEST) throw badRequest('The filled template is too large.');
    return text;
  } catch (error) {
    if (error instanceof HubError) throw error;
    // What the engine itself fails at says nothing to a reader.
    const trapped = error instanceof Error && error.name === 'RuntimeError';
    const reason = trapped ? 'it is too large' : error instanceof Error ? error.message : String(error);
    throw badRequest(`The template cannot be filled: ${reason.split('\n')[0]?.slice(0, 300) ?? ''}`);
  } finally {
    environment.free();
  }
}

import { requireMailer, post } from './posting.ts';
import { memberAddresses } from './member-addresses.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden } from '../errors.ts';
import { projectOfKey } from '../objects/keys.ts';

/** A mail that is sent later, when work ends; kept with the work. */
export interface Letter {
  to: readonly string[];
  subject: string;
  text: string;
  /** Uploads of the project that go with it. */
  files: readonly { key: string; name: string }[];
}

export interface LetterSpec {
  recipients: readonly string[];
  subject: string;
  text: string;
  attachments?: readonly { key: string; name: string }[] | undefined;
}

/**
 * Checks now what is sent later.
 * @throws HubError 400 for strangers, missing files, and a hub that sends no mail; 403 for files of other projects
 */
export async function letterOf(
  deps: Pick<HubDeps, 'db' | 'mailer' | 'objects'>,
  project: number,
  spec: LetterSpec | null | undefined,
): Promise<Letter | undefined> {
  if (!spec) return undefined;
  requireMailer(deps);
  const to = await memberAddresses(deps.db, project, spec.recipients);
  const files = (spec.attachments ?? []).map(({ key, name }) => ({ key, name }));
  for (const { key } of files) {
    if (projectOfKey(key) !== project) throw forbidden('An attachment belongs to another project.');
    if (!(await deps.objects.head(key))) throw badRequest(`There is no object ${key}.`);
  }
  return { to, subject: spec.subject.replace(/\s+/g, ' '), text: spec.text, files };
}

/** A mail that cannot be sent does not undo the work that it tells about: it is in the log only. */
export async function sendLetter(
  deps: Pick<HubDeps, 'mailer' | 'objects' | 'report'>,
  letter: Letter | undefined,
): Promise<void> {
  const { mailer, objects, report } = deps;
  if (letter === undefined || !mailer) return;
  const { to, subject, text, files } = letter;
  try {
    const attachments = [];
    const gone = [];
    for (const { key, name } of files) {
      if (await objects.head(key)) attachments.push({ filename: name, content: await objects.read(key) });
      else gone.push(name);
    }
    const rest = gone.length === 0 ? '' : `\n\n(No longer there: ${gone.join(', ')}.)`;
    await post(deps, mailer, { to, subject, text: text + rest, attachments });
  } catch (error) {
    report(error, 'mail about a job');
  }
}

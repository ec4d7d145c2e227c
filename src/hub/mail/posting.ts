import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import type { Mail, Mailer } from './mailer.ts';

/** @throws HubError 400 where this hub sends no mail. */
export function requireMailer({ mailer }: Pick<HubDeps, 'mailer'>): Mailer {
  if (!mailer) throw badRequest('This hub is not set up to send e-mail.', 'mail-not-configured');
  return mailer;
}

/** @throws HubError 400 when the mail server does not take it; its reason goes to the log only. */
export async function post({ report }: Pick<HubDeps, 'report'>, mailer: Mailer, mail: Mail): Promise<void> {
  try {
    await mailer.send(mail);
  } catch (error) {
    report(error, 'sending mail');
    throw badRequest('The mail server did not take the mail.', 'mail-not-sent');
  }
}

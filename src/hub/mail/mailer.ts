import type { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';

export interface Mail {
  to: readonly string[];
  subject: string;
  /** Plain text; no mail of the hub has markup. */
  text: string;
  attachments?: readonly { filename: string; content: Readable | string }[];
}

export interface Mailer {
  /** Resolves when the mail server took it; rejects otherwise. */
  send(mail: Mail): Promise<void>;
}

export interface SmtpSettings {
  /** `smtp://user:password@host:587` or `smtps://…`. */
  url: string;
  /** Address that mails come from. */
  from: string;
}

const PATIENCE_MS = 20_000;

/** Hands mails to an SMTP server, over TLS where the server offers it. */
export function smtpMailer({ url, from }: SmtpSettings): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    // Attachments are streams that we open; a path or an address in a mail is never followed.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text, attachments = [] }) {
      await transport.sendMail({ from, to: [...to], subject, text, attachments: [...attachments] });
    },
  };
}

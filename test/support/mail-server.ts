import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** A mail server on this machine that keeps what it is given. */
export interface MailServer {
  /** For SMTP_URL. */
  url: string;
  mails: { to: string[]; content: string }[];
  stop(): Promise<void>;
}

/** `folder`: each mail is written there too, as `mail-<n>.txt`, for programs in other languages. */
export async function startMailServer({ folder }: { folder?: string } = {}): Promise<MailServer> {
  const mails: MailServer['mails'] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, session, done) => {
      const to = session.envelope.rcptTo.map(({ address }) => address);
      void text(stream).then(async (content) => {
        mails.push({ to, content });
        if (folder !== undefined) await writeFile(join(folder, `mail-${mails.length}.txt`), content);
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    stop: () => new Promise<void>((closed) => server.close(() => closed())),
  };
}

/** For a hub that sends its mails there. */
export function mailSettings({ url }: MailServer): { SMTP_URL: string; MAIL_FROM: string } {
  return { SMTP_URL: url, MAIL_FROM: 'hub@ship.test' };
}

export function subjectsOf({ mails }: MailServer): (string | undefined)[] {
  return mails.map(({ content }) => /^Subject: (.*)\r$/m.exec(content)?.[1]);
}

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A mail server on this machine that keeps what it is sent. */
export interface Mailbox {
  /** For the hub that is to use it. */
  env: { SMTP_URL: string; MAIL_FROM: string };
  /** Whole mails, headers first, in the order in which they came. */
  mails: string[];
  subjects(): (string | undefined)[];
  stop(): Promise<void>;
}

export async function startMailbox(): Promise<Mailbox> {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        mails.push(text);
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    env: { SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: 'hub@ship.test' },
    mails,
    subjects: () => mails.map((text) => /^Subject: (.*)\r$/m.exec(text)?.[1]),
    stop: () => new Promise<void>((closed) => server.close(() => closed())),
  };
}

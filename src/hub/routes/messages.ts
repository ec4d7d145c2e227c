import { sql } from 'kysely';
import { requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden, HubError, notFound } from '../errors.ts';
import { memberAddresses } from '../mail/member-addresses.ts';
import { post, requireMailer } from '../mail/posting.ts';
import { projectOfKey } from '../objects/keys.ts';

/** What people are told: announcements to everybody, mails to members, messages to the administrators. */
export function messageRoutes(serve: Serve, deps: HubDeps): void {
  const { db, clock, objects } = deps;

  serve('get_announcement_list', async ({ caller }) => {
    const rows = await db
      .selectFrom('announcements')
      .selectAll()
      .where('eol_datetime', '>', new Date(clock.now()))
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('announcement_dismissals')
              .select(sql`1`.as('one'))
              .whereRef('announcement', '=', 'announcements.id')
              .where('user_id', '=', caller.id),
          ),
        ),
      )
      .orderBy('id')
      .execute();
    return ok(rows);
  });

  serve('delete_announcement', async ({ caller, params }) => {
    const row = await db
      .selectFrom('announcements')
      .select('id')
      .where('id', '=', params.id)
      .executeTakeFirst();
    if (!row) throw notFound(`There is no announcement ${params.id}.`);
    await db
      .insertInto('announcement_dismissals')
      .values({ announcement: row.id, user_id: caller.id })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return ok({ message: `Announcement ${row.id} will not be shown again!` });
  });

  serve('send_email', async ({ caller, params, body }) => {
    await requireProject(db, caller, params.project, level.execute);
    const mailer = requireMailer(deps);
    const to = await memberAddresses(db, params.project, body.recipients);
    const attachments = [];
    for (const { key, name } of body.attachments ?? []) {
      if (projectOfKey(key) !== params.project) throw forbidden('An attachment belongs to another project.');
      if (!(await objects.head(key))) throw badRequest(`There is no object ${key}.`);
      attachments.push({ filename: name, content: await objects.read(key) });
    }
    await post(deps, mailer, { to, subject: oneLine(body.subject), text: body.text, attachments });
    return created({ message: `Email sent to ${to.length} members!` });
  });

  // The original writes to a chat of the administrators; a hub has their addresses.
  serve('notify', async ({ caller, body }) => {
    const { mailer } = deps;
    const staff = await db
      .selectFrom('users')
      .select('email')
      .where('is_staff', '=', true)
      .where('email', '!=', '')
      .execute();
    if (!mailer || staff.length === 0)
      throw new HubError(503, 'This hub has no way to reach its administrators.');
    const subject = `Message of ${oneLine(caller.username)}`;
    const message = body.send_as_file
      ? {
          text: 'The message is attached.',
          attachments: [{ filename: 'message.txt', content: body.message }],
        }
      : { text: body.message };
    await post(deps, mailer, { to: staff.map(({ email }) => email), subject, ...message });
    return ok({});
  });
}

/** A header must not gain lines from what a user wrote. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

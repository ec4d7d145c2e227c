import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMailServer, type MailServer } from '../../support/mail-server.ts';
import { hubClient, startTestHub, type HubClient, type Row, type TestHub } from '../../support/hub.ts';

interface Invitation {
  id: number;
  email: string;
  status: string;
  registration_token?: string;
}

let hub: TestHub;
let admin: HubClient;
let annotator: HubClient;
let nobody: HubClient;
let organization: number;
let post: MailServer;

beforeAll(async () => {
  post = await startMailServer();
  const env = { SMTP_URL: post.url, MAIL_FROM: 'hub@ship.example' };
  hub = await startTestHub({ sample: true, env });
  admin = hub.client();
  annotator = hub.client(hub.annotatorToken);
  nobody = hubClient(() => hub.url);
  organization = (await admin<Row[]>('GET', '/rest/Organizations')).body[0]?.id ?? 0;
});

afterAll(async () => {
  await hub.stop();
  await post.stop();
});

/** The first mail to an address, without the folds that long lines get for the wire. */
function mailTo(email: string): string {
  const mail = post.mails.find(({ to }) => to.includes(email));
  return (mail?.content ?? '').replace(/=\r\n/g, '').replace(/=3D/g, '=');
}

async function userId(username: string): Promise<number> {
  return (await admin<Row[]>('GET', `/rest/Users?username=${username}`)).body[0]?.id ?? 0;
}

function person(username: string, email: string, more: object = {}): object {
  return { username, first_name: 'A', last_name: 'B', email, password: 'a long enough one', ...more };
}

describe('organizations', () => {
  it('are changed and deleted by their administrators only, and have names of their own', async () => {
    const made = (await admin('POST', '/rest/Organizations', { name: 'Second ship' })).body.id;
    const path = `/rest/Organization/${made}`;
    expect((await admin('POST', '/rest/Organizations', { name: 'SECOND ship' })).status).toBe(400);
    expect((await admin('PATCH', path, { name: 'Second ship' })).status).toBe(400);
    expect((await admin('PATCH', path, {})).status).toBe(400);
    expect((await annotator('PATCH', path, { name: 'Mine' })).status).toBe(403);
    expect((await annotator('DELETE', path)).status).toBe(403);
    const change = { name: 'Third ship', default_membership_permission: 'Can Edit' };
    expect((await admin('PATCH', path, change)).status).toBe(200);
    expect((await admin('GET', path)).body).toMatchObject({ ...change, permission: 'Admin', thumb: null });
    const project = (await admin('POST', '/rest/Projects', { name: 'Kept', organization: made })).body.id;
    expect((await admin('DELETE', path)).status).toBe(200);
    expect((await admin('PATCH', path, change)).status).toBe(404);
    expect((await admin('GET', `/rest/Project/${project}`)).body).toMatchObject({ organization: null });
  });

  it('take pictures from their own uploads only', async () => {
    const path = `/rest/Organization/${organization}`;
    for (const thumb of [`${organization + 1}/x`, `${organization}/7/secret`, '../x', `${organization}/..`])
      expect((await admin('PATCH', path, { thumb })).status, thumb).toBe(400);
    expect((await admin('PATCH', path, { thumb: `${organization}/logo.png` })).status).toBe(200);
    expect((await admin('GET', path)).body).toMatchObject({ thumb: expect.stringContaining('signature=') });
  });

  it('hold each user once, as a member or an administrator', async () => {
    await admin('POST', '/rest/Users', person('deckhand', 'deckhand@ship.example'));
    const user = await userId('deckhand');
    const path = `/rest/Affiliations/${organization}`;
    const made = (await admin('POST', path, { user, permission: 'Member' })).body.id;
    expect((await admin('POST', path, { user, permission: 'Member' })).status).toBe(400);
    expect((await admin('POST', path, { user: 999_999 })).status).toBe(400);
    const one = `/rest/Affiliation/${made}`;
    expect((await admin('PATCH', one, { permission: 'Owner' })).status).toBe(400);
    expect((await admin('PATCH', one, { permission: 'Admin' })).status).toBe(200);
    expect((await admin('GET', one)).body).toMatchObject({ user_id: user, permission: 'Admin' });
    const outsider = await memberless();
    expect((await outsider('GET', one)).status).toBe(403);
    expect((await outsider('DELETE', one)).status).toBe(403);
    expect((await admin('DELETE', one)).status).toBe(200);
    expect((await admin('GET', one)).status).toBe(404);
  });
});

/** A user that belongs to nothing. */
async function memberless(): Promise<HubClient> {
  const username = 'passenger';
  await admin('POST', '/rest/Users', person(username, 'passenger@ship.example'));
  const credentials = { username, password: 'a long enough one' };
  return hub.client((await nobody<{ token: string }>('POST', '/rest/Token', credentials)).body.token);
}

describe('invitations', () => {
  it('are mailed, register one user with their address, and are then spent', async () => {
    const path = `/rest/Invitations/${organization}`;
    const email = 'new@ship.example';
    const made = await admin('POST', path, { email, permission: 'Admin' });
    expect([made.status, made.body.message]).toEqual([201, expect.stringContaining('registration_token=')]);
    expect((await admin('POST', path, { email: 'NEW@ship.example', permission: 'Member' })).status).toBe(400);
    const mail = mailTo(email);
    const registration_token = /registration_token=([\w-]+)/.exec(mail)?.[1] ?? '';
    expect((await admin<Invitation>('GET', `/rest/Invitation/${made.body.id}`)).body).toMatchObject({
      email,
      status: 'Pending',
      registration_token,
      organization_id: organization,
      created_username: 'admin',
    });
    expect((await nobody('POST', '/rest/Users', person('new', email))).status).toBe(403);
    const wrong = person('new', 'other@ship.example', { registration_token });
    expect((await nobody('POST', '/rest/Users', wrong)).status).toBe(400);
    const short = person('new', email, { registration_token, password: 'short' });
    expect((await nobody('POST', '/rest/Users', short)).status).toBe(400);
    expect(await userId('new')).toBe(0);
    const right = person('new', 'New@ship.example', { registration_token });
    expect((await nobody('POST', '/rest/Users', right)).status).toBe(201);
    const again = person('newer', email, { registration_token });
    expect((await nobody('POST', '/rest/Users', again)).status).toBe(400);
    const members = (await admin<Row[]>('GET', `/rest/Affiliations/${organization}`)).body;
    expect(members).toContainEqual(expect.objectContaining({ username: 'new', permission: 'Admin' }));
    expect((await admin('POST', path, { email, permission: 'Member' })).status).toBe(400);
  });

  it('show their token to administrators, and are changed and taken back by them alone', async () => {
    const path = `/rest/Invitations/${organization}`;
    const invited = await admin('POST', path, { email: 'passenger2@ship.example', permission: 'Member' });
    const one = `/rest/Invitation/${invited.body.id}`;
    const user = await userId('annotator');
    await admin('POST', `/rest/Affiliations/${organization}`, { user, permission: 'Member' });
    const seen = (await annotator<Invitation[]>('GET', path)).body;
    expect(seen.map((row) => row.id)).toContain(invited.body.id);
    expect(seen.every((row) => row.registration_token === undefined)).toBe(true);
    expect((await annotator('POST', path, { email: 'x@y.z', permission: 'Admin' })).status).toBe(403);
    expect((await annotator('PATCH', one, { permission: 'Admin' })).status).toBe(403);
    expect((await admin('PATCH', one, { status: 'Accepted' })).status).toBe(400);
    await admin('POST', '/rest/Users', person('passenger2', 'passenger2@ship.example'));
    expect((await admin('PATCH', one, { status: 'Accepted' })).status).toBe(200);
    expect((await admin<Invitation>('GET', one)).body.status).toBe('Accepted');
    expect((await admin('DELETE', one)).status).toBe(200);
    expect((await admin('DELETE', one)).status).toBe(404);
    for (const email of ['none', 'a@b, c@d', 'a@b\r\nBcc: c@d', ''])
      expect((await admin('POST', path, { email, permission: 'Member' })).status, email).toBe(400);
  });
});

describe('passwords', () => {
  it('are set by a mailed token, once, which ends the sessions', async () => {
    const email = 'mate@ship.example';
    await admin('POST', '/rest/Users', person('mate', email));
    const old = { username: 'mate', password: 'a long enough one' };
    const { token } = (await nobody<{ token: string }>('POST', '/rest/Token', old)).body;
    expect((await nobody('POST', '/rest/PasswordReset', { email: 'no@where.example' })).status).toBe(400);
    expect((await nobody('POST', '/rest/PasswordReset', { email })).status).toBe(201);
    expect((await nobody('POST', '/rest/PasswordReset', { email })).status).toBe(400);
    const mail = mailTo(email);
    expect(mail).not.toContain(new URL(hub.url).host);
    const reset_token = /reset_token=([\w-]+)/.exec(mail)?.[1] ?? '';
    const mate = `/rest/User/${await userId('mate')}`;
    const password = 'another long one';
    expect((await nobody('PATCH', mate, { password, reset_token: 'guess' })).status).toBe(400);
    expect((await nobody('PATCH', mate, { password, reset_token, email })).status).toBe(400);
    expect((await admin('PATCH', mate, { password })).status).toBe(400);
    const other = `/rest/User/${await userId('annotator')}`;
    expect((await nobody('PATCH', other, { password, reset_token })).status).toBe(400);
    expect((await nobody('PATCH', mate, { password, reset_token })).status).toBe(200);
    expect((await nobody('PATCH', mate, { password, reset_token })).status).toBe(400);
    expect((await hub.client(token)('GET', '/rest/User/GetCurrent')).status).toBe(400);
    expect((await nobody('POST', '/rest/Token', old)).status).toBe(400);
    expect((await nobody('POST', '/rest/Token', { username: 'mate', password })).status).toBe(201);
  });
});

describe('users', () => {
  it('are changed by themselves and by staff, not by others and not without a token', async () => {
    const path = `/rest/User/${await userId('annotator')}`;
    expect((await nobody('PATCH', path, { first_name: 'X' })).status).toBe(400);
    expect((await (await memberless())('PATCH', path, { first_name: 'X' })).status).toBe(403);
    expect((await annotator('PATCH', path, { email: 'mate@ship.example' })).status).toBe(400);
    const change = { first_name: 'Ann', email: 'ann@ship.example', set_profile_keys: { theme: 'dark' } };
    expect((await annotator('PATCH', path, change)).status).toBe(200);
    expect((await annotator('GET', path)).body).toMatchObject({ first_name: 'Ann', email: change.email });
  });

  it('have pictures, which are keys that no profile edit can forge', async () => {
    const path = `/rest/User/${await userId('annotator')}`;
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(64)]).toString('base64');
    expect((await annotator('PATCH', path, { new_avatar: 'AAAA' })).status).toBe(400);
    expect((await annotator('PATCH', path, { new_avatar: png })).status).toBe(200);
    await annotator('PATCH', path, { set_profile_keys: { avatar: '1/1/secret.mp4' } });
    interface Shown {
      profile: { avatar: string | null };
    }
    const shown = (await annotator<Shown>('GET', `${path}?presigned=60`)).body.profile.avatar ?? '';
    expect(shown).toContain('/objects/_avatars/');
    expect((await fetch(shown)).status).toBe(200);
    await annotator('PATCH', path, { clear_avatar: 1 });
    expect((await annotator<Shown>('GET', `${path}?presigned=60`)).body.profile.avatar).toBeNull();
  });
});

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationList } from '../../../src/contract/table.ts';
import { startTestHub, type TestHub } from '../../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub({ sample: false });
});

afterAll(() => hub.stop());

async function page(
  path: string,
  fields?: Record<string, string>,
): Promise<{ status: number; text: string; headers: Headers }> {
  const reply = await fetch(
    hub.url + path,
    fields ? { method: 'POST', body: new URLSearchParams(fields) } : {},
  );
  return { status: reply.status, text: await reply.text(), headers: reply.headers };
}

const linksOf = (text: string): string[] =>
  [...text.matchAll(/href="(\/[^"#]+)/g)].map((match) => match[1] ?? '');

describe('the reference', () => {
  it('lists every operation, and no link of it or of a page of it leads nowhere', async () => {
    const index = await page('/docs');
    expect(index.status).toBe(200);
    const operations = new Set(linksOf(index.text).filter((link) => link.startsWith('/docs/operations/')));
    expect(operations.size).toBe(operationList.length);
    const seen = new Set<string>(['/docs', '/schema']);
    const queue = linksOf(index.text);
    for (let link = queue.pop(); link !== undefined; link = queue.pop()) {
      if (seen.has(link)) continue;
      seen.add(link);
      const { status, text } = await page(link);
      expect([link, status]).toEqual([link, 200]);
      queue.push(...linksOf(text));
    }
    expect([...seen].filter((link) => link.startsWith('/docs/schemas/')).length).toBeGreaterThan(50);
  });

  it('tells of an operation its path, its parameters and who may', async () => {
    const { text } = await page('/docs/operations/GetLocalizationList');
    expect(text).toContain('/rest/Localizations/{project}');
    expect(text).toContain('<code>elemental_id</code>');
    expect(text).toContain('Needs: member');
  });

  it('runs no script and loads nothing', async () => {
    const { headers, text } = await page('/docs');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).not.toContain('<script');
    const style = /<style>(.*)<\/style>/s.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
  });

  it.each(['/docs/operations/Nothing', '/docs/schemas/toString', '/docs/operations/%3Cb%3E'])(
    'answers 404 for %s',
    async (path) => expect((await page(path)).status).toBe(404),
  );
});

describe('the pages that mails lead to', () => {
  it('let an invited person register once, and say what is wrong until then', async () => {
    const admin = hub.client();
    const organization = await admin('POST', '/rest/Organizations', { name: 'Crew' });
    const email = 'mate@ship.example.org';
    const invitation = await admin('POST', `/rest/Invitations/${organization.body.id}`, {
      email,
      permission: 'Member',
    });
    const link = /\/registration\?\S+/.exec(invitation.body.message)?.[0] ?? '';
    const form = await page(link);
    expect(form.status).toBe(200);
    expect(form.text).toContain(`value="${email}"`);
    expect(form.headers.get('cache-control')).toBe('no-store');
    const token = new URL(link, hub.url).searchParams.get('registration_token') ?? '';
    const fields = {
      registration_token: token,
      email,
      username: 'mate',
      password: 'rising tide',
      repeated: 'rising tide',
    };
    const unlike = await page('/registration', { ...fields, repeated: 'x' });
    expect([unlike.status, unlike.text.includes('differ')]).toEqual([400, true]);
    const short = await page('/registration', { ...fields, password: 'x', repeated: 'x' });
    expect(short.status).toBe(400);
    expect(short.text).toContain('value="mate"');
    expect(short.text).not.toContain('value="x"');
    expect((await page('/registration', fields)).text).toContain('is ready');
    const signIn = await fetch(`${hub.url}/rest/Token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'mate', password: 'rising tide' }),
    });
    expect(await signIn.json()).toHaveProperty('token');
    expect((await page('/registration', { ...fields, username: 'other' })).status).toBe(400);
  });

  it('show what they were given as text, never as a part of the page', async () => {
    const { text } = await page(`/registration?email=${encodeURIComponent('"><script>alert(1)</script>')}`);
    expect(text).not.toContain('<script');
    expect(text).toContain('&#34;&#62;&#60;script');
  });

  it('refuse a password reset with a token that is none', async () => {
    const fields = { user: '1', reset_token: 'x', password: 'rising tide', repeated: 'rising tide' };
    const { status, text } = await page('/password-reset', fields);
    expect(status).toBe(400);
    expect(text).toContain('role="alert"');
  });
});

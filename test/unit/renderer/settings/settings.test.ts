import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Account } from '../../../../src/contract/host-rpc.ts';
import { accountRows } from '../../../../src/renderer/features/settings/account-rows.ts';
import { licences } from '../../../../src/renderer/features/settings/licences.ts';

const root = new URL('../../../../', import.meta.url);
const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'));

describe('the list of licences', () => {
  it('names every run-time dependency', () => {
    const { dependencies } = json('package.json') as { dependencies: Record<string, string> };
    const shipped = Object.keys(dependencies).filter((name) => !name.startsWith('@types/'));
    expect(licences.map(({ name }) => name)).toEqual(expect.arrayContaining(shipped));
  });

  it.each(licences)('has the licence that $name itself states', ({ name, licence }) => {
    const { license } = json(`node_modules/${name}/package.json`) as { license: string };
    expect(licence).toBe(license);
  });
});

describe('the accounts in the settings', () => {
  const account = (id: string, change: Partial<Account> = {}): Account => ({
    id,
    host: `https://${id}.org`,
    username: id,
    userId: 1,
    displayName: '',
    embedded: false,
    signIn: 'signed-in',
    ...change,
  });

  it('begin with the one in use, and tell which need a sign-in', () => {
    const accounts = [
      account('a'),
      account('b', { signIn: 'needed' }),
      account('c', { displayName: 'Mara' }),
    ];
    expect(accountRows({ accounts, activeAccount: 'c' })).toEqual([
      { id: 'c', server: 'c.org', user: 'Mara', state: 'active' },
      { id: 'a', server: 'a.org', user: 'a', state: 'signed-in' },
      { id: 'b', server: 'b.org', user: 'b', state: 'needed' },
    ]);
  });
});

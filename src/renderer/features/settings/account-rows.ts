import type { AppInfo } from '../../../contract/host-rpc.ts';
import { settingsStrings } from '../../strings/settings.en.ts';

export interface AccountRow {
  id: string;
  server: string;
  user: string;
  state: 'active' | 'signed-in' | 'needed';
}

/** The accounts of this device; the one in use first, then by server and user. */
export function accountRows(info: Pick<AppInfo, 'accounts' | 'activeAccount'>): AccountRow[] {
  const rows = info.accounts.map((account): AccountRow => {
    const active = account.id === info.activeAccount ? 'active' : 'signed-in';
    return {
      id: account.id,
      server: account.embedded ? settingsStrings.accounts.builtIn : account.host.replace(/^https?:\/\//, ''),
      user: account.displayName || account.username,
      state: account.signIn === 'needed' ? 'needed' : active,
    };
  });
  const rank = (row: AccountRow): string =>
    `${row.id === info.activeAccount ? 0 : 1}${row.server} ${row.user}`;
  return rows.sort((a, b) => rank(a).localeCompare(rank(b)));
}

import type { News } from '../news.ts';
import type { Settings } from '../settings.ts';
import type { Accounts } from './accounts.ts';

export function tellAccounts(parts: { accounts: Accounts; settings: Settings; news: News }): void {
  const { activeAccount } = parts.settings.get();
  parts.news.tell('accounts.changed', { accounts: parts.accounts.list(), activeAccount });
}

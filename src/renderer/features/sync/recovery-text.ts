import { projectOfHome } from '../../../domain/identity.ts';
import type { RecoveryReport } from '../../../store/types.ts';
import { syncStrings } from '../../strings/sync.en.ts';

/** What a recovery put back, in a sentence. */
export function recoveryText(report: RecoveryReport): string {
  const t = syncStrings.recovery;
  if (report.restored.length === 0) return t.rerecorded(report.rerecorded);
  const media = new Set(
    report.restored.flatMap(({ media: home }) => (projectOfHome(home) === null ? [home] : [])),
  );
  return t.restored(report.restored.length, media.size);
}

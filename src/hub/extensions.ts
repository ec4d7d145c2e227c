import { startFailure } from './errors.ts';

/** What this hub offers beyond the contract; stock clients never need it. */
export const extensions = [
  'announcements',
  'change-feed',
  'events',
  'idempotency-key',
  'job-log',
  'list-parts',
  'sign-parts',
  'transcode-progress',
] as const;

export type Extension = (typeof extensions)[number];

/**
 * Which of them an operator wants: all where nothing is said, `none`, or a list with commas.
 * @throws StartFailure for a name that is none.
 */
export function readExtensions(text: string | undefined): ReadonlySet<Extension> {
  const names = (text ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  if (names.length === 0) return new Set(extensions);
  if (names.length === 1 && names[0] === 'none') return new Set();
  return new Set(names.map(known));
}

function known(name: string): Extension {
  const found = extensions.find((one) => one === name);
  if (!found) throw startFailure(`EXTENSIONS names "${name}"; there are none, or ${extensions.join(', ')}.`);
  return found;
}

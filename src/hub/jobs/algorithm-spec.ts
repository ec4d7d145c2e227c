import type { Mail } from '../mail/mailer.ts';

/** What the run of an algorithm needs, kept in its job. */
export interface AlgorithmSpec {
  /** Text of the manifest as it was when the job was made. */
  manifest: string;
  /** Base of the hub's URLs. */
  host: string;
  parameters: Record<string, string>;
  success?: Mail | undefined;
  failure?: Mail | undefined;
}

/**
 * The parameters that every workflow gets beside those of its algorithm. The token is that of the user
 * who started the job; it is not kept in the job.
 */
export function jobParameters({ parameters, host }: AlgorithmSpec, token: string): Record<string, string> {
  return { ...parameters, host, rest_url: `${host}/rest`, rest_token: token };
}

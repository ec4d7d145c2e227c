import type { Letter } from '../mail/letters.ts';

/** What the run of an algorithm needs, kept in its job. */
export interface AlgorithmSpec {
  /** Text of the manifest as it was when the job was made. */
  manifest: string;
  /** Base of the hub's URLs. */
  host: string;
  parameters: Record<string, string>;
  /** Of the cluster that it runs on. */
  namespace?: string | undefined;
  success?: Letter | undefined;
  failure?: Letter | undefined;
}

/**
 * The parameters that every workflow gets beside those of its algorithm. The token is that of the user
 * who started the job; it is not kept in the job.
 */
export function jobParameters({ parameters, host }: AlgorithmSpec, token: string): Record<string, string> {
  return { ...parameters, host, rest_url: `${host}/rest`, rest_token: token };
}

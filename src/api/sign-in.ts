import { systemClock } from '../base/clock.ts';
import { createTatorClient, type ClientOptions, type TatorClient } from './client.ts';

export interface Credentials {
  username: string;
  password: string;
}

/** Signs in and answers a client with the token, and the token to keep for later sessions. */
export async function signIn(
  options: Omit<ClientOptions, 'token'>,
  credentials: Credentials,
): Promise<{ client: TatorClient; token: string }> {
  const { token } = await createTatorClient(options).create_obtain_auth_token({ body: credentials });
  return { client: createTatorClient({ ...options, token }), token };
}

/**
 * What programs outside of this one pass as the rest of the options: the machine's clock, its
 * randomness and its `fetch`.
 */
export function machine(): Pick<ClientOptions, 'fetch' | 'clock' | 'random'> {
  return {
    fetch: (url, init) => globalThis.fetch(url, init),
    clock: systemClock(),
    // eslint-disable-next-line no-restricted-properties -- this is the composition root of programs outside
    random: () => Math.random(),
  };
}

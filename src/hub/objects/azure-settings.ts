import { badRequest } from '../errors.ts';

/** Where the blobs of a storage account are, and how we are let in. */
export interface AzureAccess {
  endpoint: string;
  /** A name and its key, or a token in the form of a query. */
  by: { account: string; key: string } | { query: string };
}

/**
 * Reads a connection string, as Azure's portal gives it.
 * @throws HubError 400 for one that names no account, or no way to be let in.
 */
export function readConnectionString(text: string): AzureAccess {
  const members = new Map<string, string>();
  for (const pair of text.split(';')) {
    const at = pair.indexOf('='); // keys end in "=" themselves
    if (at > 0) members.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
  const { account, key, query } = {
    account: members.get('AccountName'),
    key: members.get('AccountKey'),
    query: members.get('SharedAccessSignature'),
  };
  const protocol = members.get('DefaultEndpointsProtocol') ?? 'https';
  const suffix = members.get('EndpointSuffix') ?? 'core.windows.net';
  const endpoint = members.get('BlobEndpoint') ?? (account && `${protocol}://${account}.blob.${suffix}`);
  if (!endpoint || !URL.canParse(endpoint))
    throw badRequest('"connection_string" needs AccountName, or a BlobEndpoint that is a URL.');
  const bare = endpoint.replace(/\/+$/, '');
  if (account && key) return { endpoint: bare, by: { account, key } };
  if (query) return { endpoint: bare, by: { query: query.replace(/^\?/, '') } };
  throw badRequest('"connection_string" needs AccountName and AccountKey, or a SharedAccessSignature.');
}

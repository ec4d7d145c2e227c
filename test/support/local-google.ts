import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LocalS3 } from './local-s3.ts';

/**
 * Google's storage on this machine, as far as it is told apart from an S3 store: a token service that
 * checks the statement of a service account (RFC 7523), and before the S3 server of moto a door that
 * lets in who bears such a token and nobody who comes with signatures or Amazon's headers.
 */
export interface LocalGoogle {
  endpoint: string;
  /** The JSON of a service account, as Google gives it out. */
  account: Record<string, string>;
  /** How many tokens it has given out. */
  tokens(): number;
  makeBucket(): Promise<string>;
  stop(): Promise<void>;
}

/** What Google's cold line is called in the S3 server behind. */
export const coldline = 'ONEZONE_IA';

export async function startLocalGoogle(s3: LocalS3): Promise<LocalGoogle> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const given = new Set<string>();
  const server = createServer((asked, answer) => {
    if (asked.url === '/token') void giveToken(asked, answer);
    else if (given.has((asked.headers.authorization ?? '').replace('Bearer ', ''))) pass(asked, answer);
    else refuse(answer, 401);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const email = 'hub@dives.iam.gserviceaccount.com';
  const tokenUri = `${endpoint}/token`;

  async function giveToken(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of asked) text += String(chunk);
    const form = new URLSearchParams(text);
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as Record<string, unknown>;
    const signed = verify(
      'RSA-SHA256',
      Buffer.from(`${head}.${claims}`),
      createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
      Buffer.from(signature, 'base64url'),
    );
    const wanted = form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    if (!signed || !wanted || said['iss'] !== email || said['aud'] !== tokenUri) {
      refuse(answer, 400);
      return;
    }
    const token = randomBytes(12).toString('hex');
    given.add(token);
    answer.end(JSON.stringify({ access_token: token, expires_in: 3599, token_type: 'Bearer' }));
  }

  function pass(asked: IncomingMessage, answer: ServerResponse): void {
    if (Object.keys(asked.headers).some((name) => name.startsWith('x-amz-'))) {
      refuse(answer, 400);
      return;
    }
    // Moto takes who comes without a signature for a stranger; it does not check one.
    const signature = 'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, Signature=x';
    const headers: IncomingMessage['headers'] = { ...asked.headers, authorization: signature };
    for (const name of ['copy-source', 'storage-class']) {
      const given = asked.headers[`x-goog-${name}`];
      if (given !== undefined) headers[`x-amz-${name}`] = given === 'COLDLINE' ? coldline : given;
    }
    const on = request(`${s3.endpoint}${asked.url ?? ''}`, { method: asked.method, headers }, (reply) => {
      const { 'x-amz-storage-class': _amazons, ...said } = reply.headers;
      answer.writeHead(reply.statusCode ?? 500, said);
      reply.pipe(answer);
    });
    on.on('error', () => answer.destroy());
    asked.pipe(on);
  }

  return {
    endpoint,
    account: {
      type: 'service_account',
      project_id: 'dives',
      private_key_id: 'k1',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      client_email: email,
      client_id: '1',
      auth_uri: `${endpoint}/auth`,
      token_uri: tokenUri,
      auth_provider_x509_cert_url: `${endpoint}/certs`,
      client_x509_cert_url: `${endpoint}/cert`,
    },
    tokens: () => given.size,
    async makeBucket() {
      const name = `dives-${randomBytes(4).toString('hex')}`;
      const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
      const client = new S3Client({
        endpoint: s3.endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials,
      });
      await client.send(new CreateBucketCommand({ Bucket: name }));
      return name;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refuse(answer: ServerResponse, status: number): void {
  answer.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
}

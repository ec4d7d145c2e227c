import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificates {
  /** PEM of the authority. */
  ca: string;
  /** Of a server at 127.0.0.1 that it vouches for. */
  cert: string;
  key: string;
}

/** An authority of its own and a server's certificate, made by openssl; undefined where that is not there. */
export async function makeCertificates(folder: string, name: string): Promise<Certificates | undefined> {
  const at = (file: string): string => join(folder, `${name}-${file}`);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    await run('openssl', ['version']);
  } catch {
    return undefined;
  }
  await writeFile(at('extensions'), 'subjectAltName=IP:127.0.0.1\n');
  const root = ['req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name} authority`];
  await run('openssl', [...root, '-keyout', at('ca.key'), '-out', at('ca.pem')]);
  const asked = ['req', ...newKey, '-subj', `/CN=${name}`, '-keyout', at('key.pem'), '-out', at('csr.pem')];
  await run('openssl', asked);
  const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2'];
  const signed = ['x509', '-req', '-in', at('csr.pem'), ...signer, '-extfile', at('extensions')];
  await run('openssl', [...signed, '-out', at('cert.pem')]);
  const read = (file: string): Promise<string> => readFile(at(file), 'utf8');
  return { ca: await read('ca.pem'), cert: await read('cert.pem'), key: await read('key.pem') };
}

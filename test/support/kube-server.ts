import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Certificates } from './certificates.ts';

interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: Record<string, unknown> & {
    name: string;
    labels?: Record<string, string>;
    resourceVersion?: string;
  };
  spec?: Record<string, unknown>;
  status?: object;
}

/**
 * The part of the Kubernetes API that workflows need, over TLS: bearer tokens, namespaces, label selectors,
 * pages with tokens that run out, conflicts, validation of names and labels, logs of pods. No controller
 * runs behind it: tests say how far a workflow is.
 */
export class KubeServer {
  readonly token = `token-${randomUUID()}`;
  /** May look, and change nothing. */
  readonly readOnlyToken = `token-${randomUUID()}`;
  readonly #server: Server;
  readonly #workflows = new Map<string, KubeObject>();
  readonly #logs = new Map<string, string>();
  readonly #pages = new Map<string, KubeObject[]>();
  #version = 100;
  /** Refuses the next use of a page token, as after a compaction. */
  expiresNextPage = false;
  /** Answers this to everything, as a control plane in trouble does. */
  trouble: number | undefined;
  /** Largest page that it gives, whatever is asked for. */
  largestPage = 500;

  constructor({ cert, key }: Certificates) {
    this.#server = createServer({ cert, key }, (request, response) => {
      this.#answer(request)
        .catch((error: unknown) => failure(500, String(error)))
        .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body))
        .catch(() => response.destroy());
    });
  }

  async start(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  workflows(): KubeObject[] {
    return [...this.#workflows.values()];
  }

  /** What Argo's controller would write. */
  setStatus(name: string, status: object): void {
    for (const [path, object] of this.#workflows)
      if (object.metadata.name === name) this.#store(path, { ...object, status });
  }

  /** What the only pod of a workflow said. */
  setLog(workflow: string, said: string): void {
    this.#logs.set(workflow, said);
  }

  /** As the collector of finished workflows does. */
  forget(name: string): void {
    for (const [path, object] of this.#workflows)
      if (object.metadata.name === name) this.#workflows.delete(path);
  }

  #store(path: string, object: KubeObject): KubeObject {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    this.#workflows.set(path, stored);
    return stored;
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://127.0.0.1');
    const { method = '' } = request;
    if (this.trouble !== undefined) return failure(this.trouble, 'etcdserver: request timed out');
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== this.token && bearer !== this.readOnlyToken) return failure(401, 'Unauthorized');
    if (method !== 'GET' && bearer === this.readOnlyToken)
      return failure(403, `workflows.argoproj.io is forbidden: User cannot ${method.toLowerCase()}`);
    const workflows = /^\/apis\/argoproj\.io\/v1alpha1\/namespaces\/([^/]+)\/workflows(?:\/([^/]+))?$/.exec(
      pathname,
    );
    const pods = /^\/api\/v1\/namespaces\/([^/]+)\/pods(?:\/([^/]+)\/log)?$/.exec(pathname);
    if (workflows)
      return this.#workflowAnswer({
        request,
        query: searchParams,
        name: workflows[2],
        namespace: workflows[1] ?? '',
      });
    if (pods && method === 'GET') return this.#podAnswer(searchParams, pods[2]);
    return failure(404, 'the server could not find the requested resource');
  }

  async #workflowAnswer({
    request,
    query,
    name,
    namespace,
  }: {
    request: IncomingMessage;
    query: URLSearchParams;
    name: string | undefined;
    namespace: string;
  }): Promise<Reply> {
    const path = `${namespace}/${name ?? ''}`;
    const found = this.#workflows.get(path);
    if (name === undefined && request.method === 'GET') return this.#list(query, namespace);
    if (name === undefined && request.method === 'POST')
      return this.#create(JSON.parse(await text(request)) as KubeObject, namespace);
    if (!found) return failure(404, `workflows.argoproj.io "${name}" not found`);
    if (request.method === 'GET') return reply(200, found);
    if (request.method !== 'DELETE') return failure(405, 'the server does not allow this method');
    this.#workflows.delete(path);
    return reply(200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
  }

  #create(object: KubeObject, namespace: string): Reply {
    const { metadata } = object;
    if (object.apiVersion !== 'argoproj.io/v1alpha1' || object.kind !== 'Workflow')
      return failure(400, 'the object provided is unrecognized');
    if (metadata.resourceVersion !== undefined)
      return failure(400, 'resourceVersion should not be set on objects to be created');
    if (metadata['namespace'] !== undefined && metadata['namespace'] !== namespace)
      return failure(
        400,
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(metadata.name))
      return failure(422, `metadata.name: Invalid value: "${metadata.name}"`);
    const label = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
    const bad = Object.entries(metadata.labels ?? {}).find(([, value]) => !label.test(value));
    if (bad) return failure(422, `metadata.labels: Invalid value: "${bad[1]}"`);
    const path = `${namespace}/${metadata.name}`;
    if (this.#workflows.has(path))
      return failure(409, `workflows.argoproj.io "${metadata.name}" already exists`);
    const made = { uid: randomUUID(), namespace, creationTimestamp: new Date().toISOString() };
    return reply(201, this.#store(path, { ...object, metadata: { ...metadata, ...made } }));
  }

  /** A list is as it was when its first page was made, until its token runs out. */
  #list(query: URLSearchParams, namespace: string): Reply {
    const next = query.get('continue');
    const rest = next === null ? undefined : this.#pages.get(next);
    if (next !== null && (rest === undefined || this.expiresNextPage)) {
      this.expiresNextPage = false;
      return failure(410, 'The provided continue parameter is too old');
    }
    const inside = [...this.#workflows].filter(([path]) => path.startsWith(`${namespace}/`));
    const all =
      rest ??
      inside.map(([, object]) => object).filter((object) => selects(query.get('labelSelector'), object));
    const limit = Math.min(Number(query.get('limit') ?? all.length) || all.length, this.largestPage);
    const token = all.length > limit ? randomUUID() : '';
    if (token !== '') this.#pages.set(token, all.slice(limit));
    return reply(200, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'WorkflowList',
      metadata: { resourceVersion: String(this.#version), ...(token === '' ? {} : { continue: token }) },
      items: all.slice(0, limit),
    });
  }

  #podAnswer(query: URLSearchParams, pod: string | undefined): Reply {
    if (pod !== undefined) {
      const said = this.#logs.get(pod.replace(/-pod$/, ''));
      if (said === undefined) return failure(404, `pods "${pod}" not found`);
      return { status: 200, type: 'text/plain', body: said };
    }
    const pods = [...this.#logs.keys()].map((workflow) => ({
      metadata: { name: `${workflow}-pod`, labels: { 'workflows.argoproj.io/workflow': workflow } },
    }));
    const items = pods.filter((object) => selects(query.get('labelSelector'), object));
    return reply(200, { apiVersion: 'v1', kind: 'PodList', metadata: {}, items });
  }
}

/** Selectors of the form `a=b,c=d`. */
function selects(selector: string | null, { metadata }: Pick<KubeObject, 'metadata'>): boolean {
  if (selector === null) return true;
  return selector.split(',').every((part) => {
    const [name = '', value] = part.split('=');
    return metadata.labels?.[name] === value;
  });
}

interface Reply {
  status: number;
  type: string;
  body: string;
}

function reply(status: number, body: object): Reply {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

function failure(code: number, message: string): Reply {
  return reply(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code });
}

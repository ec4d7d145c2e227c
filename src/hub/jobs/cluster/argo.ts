import { isFields, listOf, type Fields } from '../workflow/fields.ts';
import { ClusterFailure, type KubeClient } from './kube-client.ts';

export interface Listing {
  /** Label selector; absent: all. */
  labels?: string | undefined;
  signal?: AbortSignal | undefined;
}

const PAGE = 200;
const MOST_PAGES = 1_000;

/** Argo's workflows of one namespace, by the Kubernetes API. */
export class ArgoApi {
  readonly #client: KubeClient;
  readonly #namespace: string;

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  get #workflows(): string {
    return `/apis/argoproj.io/v1alpha1/namespaces/${encodeURIComponent(this.#namespace)}/workflows`;
  }

  /** Whether workflows can be reached at all. @throws ClusterFailure */
  async probe(signal?: AbortSignal): Promise<void> {
    await this.#client.json({ method: 'GET', path: this.#workflows, query: { limit: '1' } }, signal);
  }

  /** Submits a workflow. One of its name that is there already counts as submitted. */
  async submit(workflow: object, signal?: AbortSignal): Promise<void> {
    try {
      await this.#client.json({ method: 'POST', path: this.#workflows, body: workflow }, signal);
    } catch (error) {
      if (!(error instanceof ClusterFailure && error.answered === 409)) throw error;
    }
  }

  /** All workflows with the labels, page by page; once more from the start when a page has run out. */
  async list({ labels, signal }: Listing): Promise<Fields[]> {
    try {
      return await this.#pages(this.#workflows, { labels, signal });
    } catch (error) {
      if (!(error instanceof ClusterFailure && error.answered === 410)) throw error;
      return this.#pages(this.#workflows, { labels, signal });
    }
  }

  async get(name: string, signal?: AbortSignal): Promise<Fields | undefined> {
    const path = `${this.#workflows}/${encodeURIComponent(name)}`;
    try {
      const found = await this.#client.json({ method: 'GET', path }, signal);
      return isFields(found) ? found : undefined;
    } catch (error) {
      if (error instanceof ClusterFailure && error.answered === 404) return undefined;
      throw error;
    }
  }

  /** Deletes a workflow with all its pods; one that is not there counts as deleted. */
  async delete(name: string, signal?: AbortSignal): Promise<void> {
    const path = `${this.#workflows}/${encodeURIComponent(name)}`;
    const query = { propagationPolicy: 'Background' };
    try {
      await this.#client.json({ method: 'DELETE', path, query }, signal);
    } catch (error) {
      if (!(error instanceof ClusterFailure && error.answered === 404)) throw error;
    }
  }

  /** What the pods of a workflow said last: `[name of the pod, text]`. */
  async logs(name: string, signal?: AbortSignal): Promise<[string, string][]> {
    const pods = `/api/v1/namespaces/${encodeURIComponent(this.#namespace)}/pods`;
    const found = await this.#pages(pods, { labels: `workflows.argoproj.io/workflow=${name}`, signal });
    const logs: [string, string][] = [];
    for (const pod of found) {
      const { name: podName } = isFields(pod['metadata']) ? pod['metadata'] : {};
      if (typeof podName !== 'string') continue;
      const path = `${pods}/${encodeURIComponent(podName)}/log`;
      const query = { container: 'main', tailLines: '1000' };
      try {
        logs.push([podName, await this.#client.text({ method: 'GET', path, query }, signal)]);
      } catch (error) {
        // It never began, or is gone: the others may have more to say.
        if (!(error instanceof ClusterFailure && [400, 404].includes(error.answered ?? 0))) throw error;
      }
    }
    return logs;
  }

  async #pages(path: string, { labels, signal }: Listing): Promise<Fields[]> {
    const found: Fields[] = [];
    let next = '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = {
        limit: String(PAGE),
        ...(labels === undefined ? {} : { labelSelector: labels }),
        ...(next === '' ? {} : { continue: next }),
      };
      const list = await this.#client.json({ method: 'GET', path, query }, signal);
      if (!isFields(list) || !Array.isArray(list['items']))
        throw new ClusterFailure(503, 'What answers at the address of the job cluster is no Kubernetes.');
      found.push(...listOf(list['items']).filter(isFields));
      const { continue: token } = isFields(list['metadata']) ? list['metadata'] : {};
      if (typeof token !== 'string' || token === '') return found;
      next = token;
    }
    return found;
  }
}

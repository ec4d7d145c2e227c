import { expect } from 'vitest';
import type { HubClient, Reply } from './hub.ts';

/** A job as the hub answers it. */
export interface JobAnswer {
  id: string;
  uid: string;
  gid: string;
  status: string;
  message: string;
  project: string;
  media_ids: number[];
  start_time: string | null;
  stop_time: string | null;
  log: string;
  nodes: {
    id: string;
    children: string[];
    task: string;
    status: string;
    start_time: string | null;
    stop_time: string | null;
  }[];
}

export const jobPatience = { timeout: 30_000, interval: 100 };

export function workflowText(templates: object[], spec: object = {}): string {
  const head = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow' };
  return JSON.stringify({ ...head, spec: { entrypoint: 'main', templates, ...spec } });
}

/** Registers algorithms in a project, and runs them. */
export class AlgorithmBench {
  readonly #client: HubClient;
  readonly #project: number;

  constructor(client: HubClient, project: number) {
    this.#client = client;
    this.#project = project;
  }

  async register(name: string, text: string, changes: object = {}): Promise<number> {
    const call = this.#client;
    const info = await call<{ urls: string[]; key: string }>('GET', `/rest/UploadInfo/${this.#project}`);
    await fetch(info.body.urls[0] ?? '', { method: 'PUT', body: text });
    const file = { name: 'w.yaml', upload_url: info.body.key };
    const saved = await call<{ url: string }>('POST', `/rest/SaveAlgorithmManifest/${this.#project}`, file);
    const user = (await call('GET', '/rest/User/GetCurrent')).body.id;
    const spec = { name, user, files_per_job: 2, manifest: saved.body.url, ...changes };
    const made = await call('POST', `/rest/Algorithms/${this.#project}`, spec);
    expect([made.status, made.body.message]).toEqual([201, expect.any(String)]);
    return made.body.id;
  }

  start(
    name: string,
    media: readonly number[],
    changes: object = {},
  ): Promise<Reply<{ id: string[]; message: string; object: JobAnswer[] }>> {
    const spec = { algorithm_name: name, media_ids: media, ...changes };
    return this.#client('POST', `/rest/Jobs/${this.#project}`, spec);
  }

  async job(uid: string): Promise<JobAnswer> {
    return (await this.#client<JobAnswer>('GET', `/rest/Job/${uid}`)).body;
  }

  async ended(uid: string): Promise<JobAnswer> {
    await expect
      .poll(async () => (await this.job(uid)).status, jobPatience)
      .toMatch(/^(Succeeded|Failed|Error)$/);
    return this.job(uid);
  }
}

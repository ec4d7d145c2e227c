import { gunzipSync } from 'node:zlib';
import type { JobStatus } from '../../db/schema.ts';
import type { JobNode } from '../../db/schema-work.ts';
import { isFields, listOf, type Fields } from '../workflow/fields.ts';

/** A workflow of a cluster, as a job shows it. */
export interface WorkflowStatus {
  status: JobStatus;
  message: string;
  /** 0 to 1. */
  progress: number;
  startTime: string | null;
  stopTime: string | null;
  nodes: JobNode[];
}

const phases: readonly JobStatus[] = ['Pending', 'Running', 'Succeeded', 'Failed', 'Error'];
const LARGEST_NODES = 64 * 1024 * 1024;

/** Label of a workflow object. */
export function labelOf(workflow: Fields, label: string): string | undefined {
  const metadata = isFields(workflow['metadata']) ? workflow['metadata'] : {};
  const labels = isFields(metadata['labels']) ? metadata['labels'] : {};
  const value = labels[label];
  return typeof value === 'string' ? value : undefined;
}

export function isOver(status: JobStatus): boolean {
  return status !== 'Pending' && status !== 'Running';
}

/** Reads a workflow object; whatever is not as Argo writes it is left out. */
export function statusOf(workflow: Fields): WorkflowStatus {
  const status = isFields(workflow['status']) ? workflow['status'] : {};
  // A workflow that no controller has seen yet has no phase.
  const phase = phases.find((name) => name === status['phase']) ?? 'Pending';
  const [done = 0, all = 0] = (textOf(status['progress']) ?? '').split('/').map(Number);
  const share = all > 0 && done <= all ? done / all : 0;
  return {
    status: phase,
    message: textOf(status['message']) ?? '',
    progress: phase === 'Succeeded' ? 1 : share,
    startTime: timeOf(status['startedAt']),
    stopTime: timeOf(status['finishedAt']),
    nodes: nodesOf(status),
  };
}

function nodesOf({ nodes, compressedNodes }: Fields): JobNode[] {
  const found = isFields(nodes) ? nodes : uncompressed(compressedNodes);
  return Object.values(found)
    .filter(isFields)
    .map((node) => ({
      id: textOf(node['id']) ?? '',
      children: listOf(node['children']).filter((child) => typeof child === 'string'),
      task: textOf(node['displayName']) ?? textOf(node['name']) ?? '',
      status: textOf(node['phase']) ?? 'Pending',
      start_time: timeOf(node['startedAt']),
      stop_time: timeOf(node['finishedAt']),
    }));
}

/** Argo packs the nodes of large workflows. */
function uncompressed(packed: unknown): Fields {
  if (typeof packed !== 'string' || packed === '') return {};
  try {
    const text = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: LARGEST_NODES });
    const nodes: unknown = JSON.parse(text.toString('utf8'));
    return isFields(nodes) ? nodes : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function timeOf(value: unknown): string | null {
  const text = textOf(value);
  return text === undefined || Number.isNaN(Date.parse(text)) ? null : new Date(text).toISOString();
}

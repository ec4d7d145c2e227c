import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../../../src/hub/jobs/cluster/workflow-status.ts';

const nodes = {
  a: {
    id: 'a',
    displayName: 'main',
    type: 'Steps',
    phase: 'Running',
    startedAt: '2026-01-02T03:04:05Z',
    children: ['b'],
  },
  b: {
    id: 'b',
    displayName: 'count',
    type: 'Pod',
    phase: 'Succeeded',
    startedAt: '2026-01-02T03:04:05Z',
    finishedAt: '2026-01-02T03:05:00Z',
  },
};
const read = [
  {
    id: 'a',
    children: ['b'],
    task: 'main',
    status: 'Running',
    start_time: '2026-01-02T03:04:05.000Z',
    stop_time: null,
  },
  {
    id: 'b',
    children: [],
    task: 'count',
    status: 'Succeeded',
    start_time: '2026-01-02T03:04:05.000Z',
    stop_time: '2026-01-02T03:05:00.000Z',
  },
];

describe('a workflow of a cluster', () => {
  it('is shown with its phase, its times, its progress and its nodes', () => {
    const status = {
      phase: 'Running',
      startedAt: '2026-01-02T03:04:05Z',
      progress: '1/4',
      message: 'm',
      nodes,
    };
    expect(statusOf({ status })).toEqual({
      status: 'Running',
      message: 'm',
      progress: 0.25,
      startTime: '2026-01-02T03:04:05.000Z',
      stopTime: null,
      nodes: read,
    });
  });

  it('has packed nodes when it is large', () => {
    const compressedNodes = gzipSync(JSON.stringify(nodes)).toString('base64');
    expect(statusOf({ status: { phase: 'Failed', compressedNodes } }).nodes).toEqual(read);
    expect(statusOf({ status: { phase: 'Failed', compressedNodes: 'broken' } }).nodes).toEqual([]);
  });

  it('is pending while no controller has seen it, and what is strange in it does no harm', () => {
    expect(statusOf({})).toMatchObject({ status: 'Pending', progress: 0, nodes: [] });
    const strange = { phase: 'Odd', progress: 'x/y', startedAt: 'yesterday', nodes: { a: 3, b: {} } };
    expect(statusOf({ status: strange })).toMatchObject({ status: 'Pending', progress: 0, startTime: null });
    expect(statusOf({ status: { phase: 'Succeeded', progress: '0/0' } }).progress).toBe(1);
  });
});

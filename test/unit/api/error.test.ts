import { describe, expect, it } from 'vitest';
import { TatorError, failureOf } from '../../../src/api/error.ts';

const answer = (status: number, message?: string, operation = 'update_localization'): string =>
  failureOf(operation, {
    kind: 'answer',
    status,
    retryAfter: null,
    text: message === undefined ? '' : JSON.stringify({ message }),
  }).code;

describe('what a failure means', () => {
  it.each([
    [400, 'Invalid token.', 'bad-token'],
    [400, 'Authentication credentials were not provided.', 'no-token'],
    [400, 'Request was throttled. Expected available in 1 second.', 'throttled'],
    [400, 'Pedantic mode is enabled, mark 3 is not the latest', 'stale-mark'],
    [400, 'Method "PUT" not allowed.', 'unsupported-operation'],
    [400, 'Invalid type for attribute', 'rejected'],
    [400, undefined, 'rejected'],
    [401, 'Unauthorized', 'bad-token'],
    [403, 'Permission denied', 'forbidden'],
    [404, 'Not found', 'not-found'],
    [404, undefined, 'not-found'],
    [405, undefined, 'unsupported-operation'],
    [408, undefined, 'timeout'],
    [429, undefined, 'throttled'],
    [302, undefined, 'garbled-answer'],
    [500, undefined, 'server-busy'],
    [504, undefined, 'server-busy'],
  ] as const)('%i %s is %s', (status, message, code) => {
    expect(answer(status, message)).toBe(code);
  });

  it('is bad credentials or a lock-out only where one signs in', () => {
    expect(answer(400, 'Unable to log in', 'create_obtain_auth_token')).toBe('bad-credentials');
    expect(answer(400, 'Account locked out', 'create_obtain_auth_token')).toBe('locked-out');
    expect(answer(400, 'Account locked out')).toBe('rejected');
  });

  it('of a page of some proxy is never that something is gone or forbidden', () => {
    for (const status of [400, 401, 403, 404]) {
      const outcome = { kind: 'answer', status, retryAfter: null, text: '<html>404</html>' } as const;
      expect(failureOf('get_media', outcome).code).toBe('garbled-answer');
    }
  });

  it('keeps the words, the status and the wait of the server', () => {
    const failure = failureOf('get_media', {
      kind: 'answer',
      status: 503,
      retryAfter: '7',
      text: '{"message":"later"}',
    });
    expect(failure).toEqual({
      code: 'server-busy',
      reached: 'unknown',
      status: 503,
      serverMessage: 'later',
      retryAfter: 7000,
    });
    const error = new TatorError('get_media', failure);
    expect(error).toMatchObject({ code: 'server-busy', advice: 'retry', retry: true });
    expect(error.fault.detail).toBe('get_media (503): later');
  });

  it('says that a broken call may have been carried out', () => {
    const broken = { kind: 'broken', aborted: null, answered: false } as const;
    expect(failureOf('create_state_list', broken)).toEqual({ code: 'offline', reached: 'unknown' });
    expect(failureOf('x', { ...broken, aborted: 'timeout' }).code).toBe('timeout');
    expect(failureOf('x', { ...broken, aborted: 'caller' }).code).toBe('cancelled');
    expect(failureOf('x', { ...broken, answered: true }).code).toBe('garbled-answer');
  });
});

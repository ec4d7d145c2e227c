import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterFailure, isLockedOut } from '../../../src/hub/access/login-rules.ts';
import { attributesForCreate, attributesForEdit, convertAttribute } from '../../../src/hub/attributes.ts';
import type { AttributeType } from '../../../src/hub/db/schema.ts';
import { answerOf, badRequest, notFound } from '../../../src/hub/errors.ts';
import { childPath, parseSuggestion } from '../../../src/hub/leaf-paths.ts';
import { segmentsOf } from '../../../src/hub/marks/segments.ts';
import { pathOfKey, projectOfKey, uniqueName } from '../../../src/hub/objects/keys.ts';
import { keyOfOwnUrl } from '../../../src/hub/objects/own-url.ts';
import { parseRange } from '../../../src/hub/objects/range.ts';
import { UrlSigner } from '../../../src/hub/objects/signing.ts';
import { pickUser } from '../../../src/hub/postgres/run-as.ts';
import { parsePostmaster } from '../../../src/hub/postgres/postmaster-file.ts';

describe('an object key', () => {
  it('never becomes a path that climbs, and never meets another key', () => {
    const segment = fc.string({ minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        (a, b) => {
          const paths = [a, b].map((segments) => {
            try {
              return pathOfKey(segments.join('/'));
            } catch {
              return undefined;
            }
          });
          for (const path of paths) {
            for (const part of path ?? []) {
              expect(['', '.', '..']).not.toContain(part);
              expect(part).not.toMatch(/[/\\\0:]/);
            }
          }
          if (paths[0] && paths[1] && a.join('/') !== b.join('/')) expect(paths[0]).not.toEqual(paths[1]);
        },
      ),
    );
  });

  it('is refused when it climbs or has empty parts', () => {
    for (const key of ['', '/', 'a//b', '../a', 'a/..', 'a/./b', 'a\0b', 'x'.repeat(2000)]) {
      expect(() => pathOfKey(key)).toThrow('not valid');
    }
  });

  it('tells its project', () => {
    expect(projectOfKey('3/14/15/video.mp4')).toBe(14);
    expect(projectOfKey('_uploads/2026-01-01/3/14/9/video.mp4')).toBe(14);
    expect(projectOfKey('nonsense')).toBeUndefined();
  });

  it('gets a new name from a file name, whatever that holds', () => {
    expect(uniqueName('dive 1.mp4', 'abc', 'x')).toBe('dive 1_abc.mp4');
    expect(uniqueName('../../etc/passwd', 'abc', 'x')).toBe('passwd_abc');
    expect(uniqueName('..', 'abc', 'x')).toBe('x');
    expect(uniqueName(undefined, 'abc', 'x')).toBe('x');
  });

  it('is found in a signed URL of any host, and in nothing else', () => {
    expect(keyOfOwnUrl('http://ship:8787/objects/1/2/3/a%20b.mp4?expires=1&signature=x')).toBe(
      '1/2/3/a b.mp4',
    );
    expect(keyOfOwnUrl('1/2/3/a.mp4')).toBe('1/2/3/a.mp4');
    for (const url of ['file:///objects/x', 'http://ship/other/x', '/etc/passwd', 'http://'])
      expect(keyOfOwnUrl(url)).toBeUndefined();
  });
});

describe('a byte range', () => {
  it('is parsed as HTTP says', () => {
    expect(parseRange(undefined, 10)).toBeUndefined();
    expect(parseRange('bytes=2-4', 10)).toEqual({ start: 2, end: 4 });
    expect(parseRange('bytes=2-', 10)).toEqual({ start: 2, end: 9 });
    expect(parseRange('bytes=-3', 10)).toEqual({ start: 7, end: 9 });
    expect(parseRange('bytes=-99', 10)).toEqual({ start: 0, end: 9 });
    expect(parseRange('bytes=5-99', 10)).toEqual({ start: 5, end: 9 });
    expect(parseRange('bytes=10-', 10)).toBe('unsatisfiable');
    expect(parseRange('bytes=-0', 10)).toBe('unsatisfiable');
    expect(parseRange('bytes=5-2', 10)).toBeUndefined();
    expect(parseRange('items=1-2', 10)).toBeUndefined();
  });
});

describe('a signed URL', () => {
  const signer = new UrlSigner(Buffer.from('secret'));
  const grant = { method: 'PUT' as const, key: 'a/b', expires: 100, upload: { id: 'u', part: 2 } };
  const signature = new URLSearchParams(signer.sign(grant).split('?')[1]).get('signature') ?? '';

  it('holds for exactly what was signed, until its second', () => {
    expect(() => signer.check(grant, signature, 100)).not.toThrow();
    expect(() => signer.check(grant, signature, 101)).toThrow('expired');
    for (const other of [
      { method: 'GET' as const },
      { key: 'a/c' },
      { expires: 200 },
      { upload: { id: 'u', part: 3 } },
    ]) {
      expect(() => signer.check({ ...grant, ...other }, signature, 1)).toThrow('not signed');
    }
    expect(() => new UrlSigner(Buffer.from('other')).check(grant, signature, 1)).toThrow('not signed');
  });
});

describe('attribute values', () => {
  const type = (more: Partial<AttributeType> & Pick<AttributeType, 'dtype'>): AttributeType => ({
    name: 'A',
    ...more,
  });

  it.each([
    [type({ dtype: 'bool' }), 'TRUE', true],
    [type({ dtype: 'int' }), '5', 5],
    [type({ dtype: 'int' }), 5.9, 5],
    [type({ dtype: 'float' }), '1.5', 1.5],
    [type({ dtype: 'enum', choices: ['a'] }), 'a', 'a'],
    [type({ dtype: 'datetime' }), '2026-01-02T03:04:05Z', '2026-01-02T03:04:05+00:00'],
    [type({ dtype: 'datetime' }), '2026-01-02T03:04:05', '2026-01-02T03:04:05'],
    [type({ dtype: 'geopos' }), '36.8_-122', [-122, 36.8]],
    [type({ dtype: 'geopos' }), [-180, 90], [-180, 90]],
    [type({ dtype: 'float_array' }), [1, 2], [1, 2]],
    [type({ dtype: 'blob' }), { any: 'thing' }, { any: 'thing' }],
  ])('of %o: %o is stored as %o', (definition, given, stored) => {
    expect(convertAttribute(definition, given)).toEqual(stored);
  });

  it.each([
    [type({ dtype: 'bool' }), 1],
    [type({ dtype: 'int' }), 'many'],
    [type({ dtype: 'int', maximum: 3 }), 4],
    [type({ dtype: 'float' }), ''],
    [type({ dtype: 'float' }), null],
    [type({ dtype: 'enum', choices: ['a'] }), 'b'],
    [type({ dtype: 'datetime' }), 'soon'],
    [type({ dtype: 'geopos' }), [181, 0]],
    [type({ dtype: 'geopos' }), '_'],
    [type({ dtype: 'float_array' }), ['x']],
  ])('of %o: %o is refused', (definition, given) => {
    expect(() => convertAttribute(definition, given)).toThrow('"A"');
  });

  it('are completed on create and merged on edit', () => {
    const types = [
      type({ dtype: 'int', default: 1 }),
      { name: 'Seen', dtype: 'datetime' as const, use_current: true },
      { name: 'Note', dtype: 'string' as const },
    ];
    const now = Date.UTC(2026, 0, 1);
    expect(attributesForCreate(types, { Other: 1 }, { now })).toEqual({
      A: 1,
      Seen: '2026-01-01T00:00:00.000Z',
    });
    expect(() => attributesForCreate([type({ dtype: 'int', required: true })], {}, { now })).toThrow(
      'required',
    );
    const edit = { attributes: { Note: 'n' }, reset_attributes: ['A'], null_attributes: ['Seen'] };
    expect(attributesForEdit(types, edit)).toEqual({ Note: 'n', A: 1, Seen: null });
    expect(() => attributesForEdit(types, { attributes: { Other: 1 } })).toThrow('no attribute');
  });
});

describe('logins', () => {
  it('rest after three failures, and every try restarts the rest', () => {
    let history = { failures: 0, lastFailure: undefined as number | undefined };
    const minute = 60_000;
    for (let i = 0; i < 3; i++) history = afterFailure(history, i);
    expect(isLockedOut(history, 5 * minute)).toBe(true);
    history = afterFailure(history, 9 * minute);
    expect(isLockedOut(history, 18 * minute)).toBe(true);
    expect(isLockedOut(history, 20 * minute)).toBe(false);
    expect(afterFailure(history, 30 * minute).failures).toBe(1);
  });
});

describe('segments of a track', () => {
  it('are runs of consecutive frames; a repeated frame begins a new one', () => {
    expect(segmentsOf([5, 3, 4, 9])).toEqual([
      [3, 5],
      [9, 9],
    ]);
    expect(segmentsOf([3, 3, 4])).toEqual([
      [3, 3],
      [3, 4],
    ]);
    expect(segmentsOf([null, 2])).toEqual([[2, 2]]);
  });
});

describe('leaf paths and suggestions', () => {
  it('join labels that hold letters, digits and underscores only', () => {
    expect(childPath(undefined, 'My project (2)')).toBe('My_project__2_');
    expect(childPath('P.A', "Venus' basket")).toBe('P.A.Venus__basket');
  });

  it('turn stars into prefix, contents and suffix, and escape what SQL would take as a wildcard', () => {
    expect(parseSuggestion('seb')).toBe('seb%');
    expect(parseSuggestion('*fish*')).toBe('%fish%');
    expect(parseSuggestion('a*b*c')).toBe('a%b%c');
    expect(parseSuggestion('100%_')).toBe('100\\%\\_%');
    expect(() => parseSuggestion('*')).toThrow();
  });
});

describe('PostgreSQL as a child', () => {
  it('is found by its pid file once that is complete', () => {
    const text = ['4711', '/data', '1700000000', '5433', '', '127.0.0.1', '1 2', 'ready   ', ''].join('\n');
    expect(parsePostmaster(text)).toEqual({ pid: 4711, port: 5433, ready: true });
    expect(parsePostmaster('4711\n/data\n')).toBeUndefined();
    expect(parsePostmaster('')).toBeUndefined();
  });

  it('runs as the first ordinary user that the machine has', () => {
    expect(pickUser('root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n')).toMatchObject({
      name: 'nobody',
    });
    expect(pickUser('nobody:x:65534:65534::/:/x\npostgres:x:101:104::/:/x')).toEqual({
      name: 'postgres',
      uid: 101,
      gid: 104,
    });
    expect(pickUser('root:x:0:0::/root:/bin/sh')).toBeUndefined();
  });
});

describe('errors', () => {
  it('become answers of the protocol, and ours keep their words to the log', () => {
    expect(answerOf(badRequest('no'))).toEqual({ status: 400, body: { message: 'no', details: '' } });
    expect(answerOf(notFound()).status).toBe(404);
    expect(answerOf(Object.assign(new Error('secret'), { code: '22003' })).status).toBe(400);
    const ours = answerOf(new Error('secret'));
    expect(ours.status).toBe(500);
    expect(JSON.stringify(ours)).not.toContain('secret');
  });
});

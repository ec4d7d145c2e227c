import { describe, expect, it } from 'vitest';
import { digestOf, strongEtag, totalOf } from '../../../../src/host/media/fetch-answer.ts';

const answer = (status: number, headers: Record<string, string>) => ({
  status,
  headers: new Headers(headers),
});
const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
const base64 = '1B2M2Y8AsgTpgAmY7PhCfg==';
const s3 = { etag: `"${md5}"`, 'x-amz-request-id': 'A' };

describe('the digest of a file', () => {
  it('is the ETag of an S3 object that came in one piece', () => {
    expect(digestOf(answer(206, s3))).toEqual({ md5 });
    expect(digestOf(answer(200, { ...s3, 'x-amz-server-side-encryption': 'AES256' }))).toEqual({ md5 });
  });

  it('is not the ETag of parts, of a sealed object, or of another kind of server', () => {
    expect(digestOf(answer(200, { ...s3, etag: `"${md5}-4"` }))).toBeNull();
    expect(digestOf(answer(200, { ...s3, 'x-amz-server-side-encryption': 'aws:kms' }))).toBeNull();
    const sealed = { ...s3, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' };
    expect(digestOf(answer(200, sealed))).toBeNull();
    expect(digestOf(answer(200, { etag: `"${md5}"` }))).toBeNull();
  });

  it('is read from the headers of Azure and of Google', () => {
    expect(digestOf(answer(200, { 'content-md5': base64 }))).toEqual({ md5 });
    expect(digestOf(answer(206, { 'x-ms-blob-content-md5': base64 }))).toEqual({ md5 });
    expect(digestOf(answer(200, { 'x-goog-hash': `crc32c=AAAAAA==,md5=${base64}` }))).toEqual({ md5 });
  });

  it('is not the digest of a range', () => {
    expect(digestOf(answer(206, { 'content-md5': base64 }))).toBeNull();
  });
});

describe('what an answer says of the file', () => {
  it('names its size only where it is the file, from where it was asked for', () => {
    expect(totalOf(answer(200, { 'content-length': '9' }), 0)).toBe(9);
    expect(totalOf(answer(206, { 'content-range': 'bytes 4-8/9' }), 4)).toBe(9);
    expect(totalOf(answer(416, { 'content-range': 'bytes */9' }), 9)).toBe(9);
  });

  it.each([
    [answer(206, { 'content-range': 'bytes 0-8/9' }), 'garbled-answer'],
    [answer(200, {}), 'garbled-answer'],
    [answer(403, {}), 'garbled-answer'],
    [answer(404, {}), 'not-found'],
    [answer(503, {}), 'server-busy'],
  ])('else it is an error: %#', (reply, code) => {
    expect(() => totalOf(reply, 4)).toThrow(expect.objectContaining({ code }));
  });

  it('joins bytes by strong ETags only', () => {
    expect(strongEtag(new Headers({ etag: '"a"' }))).toBe('"a"');
    expect(strongEtag(new Headers({ etag: 'W/"a"' }))).toBeNull();
  });
});

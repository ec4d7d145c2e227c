import { describe, expect, it } from 'vitest';
import {
  blockName,
  currentBlocks,
  isUploadOf,
  newUploadId,
  readBlock,
} from '../../../src/hub/objects/azure-blocks.ts';
import { readConnectionString } from '../../../src/hub/objects/azure-settings.ts';

describe('a connection string of Azure', () => {
  it('names the endpoint by account and suffix, and keeps the padding of the key', () => {
    const text =
      'DefaultEndpointsProtocol=https;AccountName=reef;AccountKey=ab==;EndpointSuffix=core.example.net';
    expect(readConnectionString(text)).toEqual({
      endpoint: 'https://reef.blob.core.example.net',
      by: { account: 'reef', key: 'ab==' },
    });
  });

  it('may name the endpoint itself, with a token in place of the key', () => {
    const text = 'BlobEndpoint=https://blobs.example.org/;SharedAccessSignature=?sv=1&sig=a%3D';
    expect(readConnectionString(text)).toEqual({
      endpoint: 'https://blobs.example.org',
      by: { query: 'sv=1&sig=a%3D' },
    });
  });

  it.each(['', 'x', 'AccountName=reef', 'AccountKey=ab==', 'BlobEndpoint=x y;AccountName=a;AccountKey=b'])(
    'is refused as "%s"',
    (text) => expect(() => readConnectionString(text)).toThrow('connection_string'),
  );
});

describe('names of blocks', () => {
  const md5 = 'd41d8cd98f00b204e9800998ecf8427e';

  it('tell upload, part, arrival and MD5, and fit into 64 bytes', () => {
    const upload = newUploadId('1/2/3/clip.mp4');
    const name = blockName(upload, 10_000, { md5, at: 1_800_000_000_000 });
    expect(Buffer.from(name, 'base64').length).toBeLessThanOrEqual(64);
    expect(readBlock(name, 7)).toEqual({
      name,
      upload,
      arrived: 1_800_000_000_000,
      part: { number: 10_000, size: 7, etag: `"${md5}"` },
    });
    expect(readBlock(Buffer.from('of another program').toString('base64'), 7)).toBeUndefined();
  });

  it('leave the block of each part that arrived last, in the order of the parts', () => {
    const upload = newUploadId('a');
    const of = (part: number, at: number, id = upload) => {
      const block = readBlock(blockName(id, part, { md5, at }), at);
      if (!block) throw new Error('unreadable');
      return block;
    };
    const blocks = [of(2, 5), of(1, 9), of(1, 3), of(3, 1, newUploadId('a'))];
    expect(currentBlocks(blocks, upload).map(({ part, arrived }) => [part.number, arrived])).toEqual([
      [1, 9],
      [2, 5],
    ]);
  });

  it('belong to uploads whose ids are bound to their keys', () => {
    const id = newUploadId('a');
    expect([isUploadOf('a', id), isUploadOf('b', id), isUploadOf('a', `${id}0`)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

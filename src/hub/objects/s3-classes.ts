import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  RestoreObjectCommand,
  UploadPartCopyCommand,
  type S3Client,
  type StorageClass,
} from '@aws-sdk/client-s3';

interface Place {
  Bucket: string;
  Key: string;
}

export interface ClassMove {
  at: Place;
  wanted: string;
  /** Whether the store tells the class of an object. */
  tellsClass: boolean;
  /** Bytes that one copy may have, and so the parts of a larger object. */
  largestCopy?: number;
}

/** What S3 copies in one go, bytes. */
const LARGEST_COPY = 5 * 1024 ** 3;
/** Classes whose objects must be asked for before they can be read. */
const asleep: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);
/** How long an awakened object may be read: the copy of it is made as soon as it is awake. */
const AWAKE_DAYS = 3;

/**
 * Moves an object to another storage class by a copy onto itself. An archived one has to be asked for
 * first, which takes the store hours.
 * @returns false while it is on its way: ask again later.
 */
export async function moveToClass(client: S3Client, move: ClassMove): Promise<boolean> {
  const { at, wanted, tellsClass } = move;
  const { StorageClass, Restore, ContentLength: size = 0 } = await client.send(new HeadObjectCommand(at));
  // Stores leave out the class of plain objects.
  const now = StorageClass ?? (tellsClass ? 'STANDARD' : undefined);
  if (now === wanted) return true;
  if (now !== undefined && asleep.has(now)) {
    if (Restore === undefined) {
      const RestoreRequest = { Days: AWAKE_DAYS, GlacierJobParameters: { Tier: 'Standard' as const } };
      await client.send(new RestoreObjectCommand({ ...at, RestoreRequest }));
      return false;
    }
    if (Restore.includes('ongoing-request="true"')) return false;
  }
  const CopySource = `${at.Bucket}/${at.Key.split('/').map(encodeURIComponent).join('/')}`;
  const largest = move.largestCopy ?? LARGEST_COPY;
  const to = { ...at, StorageClass: wanted as StorageClass };
  if (size <= largest) await client.send(new CopyObjectCommand({ ...to, CopySource }));
  else await copyInParts(client, { to, CopySource, size, largest });
  return true;
}

interface PartedCopy {
  to: Place & { StorageClass: StorageClass };
  CopySource: string;
  size: number;
  largest: number;
}

async function copyInParts(client: S3Client, { to, CopySource, size, largest }: PartedCopy): Promise<void> {
  const { Bucket, Key } = to;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(to));
  const upload = { Bucket, Key, UploadId };
  try {
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (let start = 0; start < size; start += largest) {
      const PartNumber = Parts.length + 1;
      const CopySourceRange = `bytes=${start}-${Math.min(size, start + largest) - 1}`;
      const command = new UploadPartCopyCommand({ ...upload, PartNumber, CopySource, CopySourceRange });
      const { CopyPartResult } = await client.send(command);
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

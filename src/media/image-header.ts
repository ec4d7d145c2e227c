/** What the first bytes of an image say. */
export type ImageHeader = {
  readonly format: 'png' | 'jpeg' | 'gif' | 'bmp' | 'webp';
  /** Pixels as shown, after EXIF rotation. */
  readonly width: number;
  readonly height: number;
};

/**
 * Format and size of an image from its first bytes (64 kB are enough for all but rare JPEGs). `null` where the
 * bytes are no such image; `'damaged'` where they begin like one and then break off.
 */
export function readImageHeader(bytes: Buffer): ImageHeader | 'damaged' | null {
  const reader = readers.find(({ matches }) => matches(bytes));
  if (reader === undefined) return null;
  try {
    const size = reader.size(bytes);
    if (size === null || size.width < 1 || size.height < 1) return 'damaged';
    return { format: reader.format, ...size };
  } catch (error) {
    if (error instanceof RangeError) return 'damaged'; // a read past the end of the bytes
    throw error;
  }
}

/** Whether the file ends as its format demands; `tail` is its last bytes (12 are enough). */
export function isImageEnd(format: ImageHeader['format'], tail: Buffer): boolean {
  if (format === 'png') return tail.includes('IEND', 0, 'latin1');
  if (format === 'jpeg') return tail.includes(Buffer.from([0xff, 0xd9]));
  if (format === 'gif') return tail.includes(0x3b);
  return true;
}

type Size = { readonly width: number; readonly height: number };
type Reader = {
  readonly format: ImageHeader['format'];
  readonly matches: (bytes: Buffer) => boolean;
  readonly size: (bytes: Buffer) => Size | null;
};

const readers: readonly Reader[] = [
  {
    format: 'png',
    matches: (bytes) => bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')),
    size: (bytes) => ({ width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }),
  },
  {
    format: 'gif',
    matches: (bytes) => /^GIF8[79]a/.test(bytes.toString('latin1', 0, 6)),
    size: (bytes) => ({ width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }),
  },
  {
    format: 'bmp',
    matches: (bytes) =>
      bytes.toString('latin1', 0, 2) === 'BM' && bytes.length > 26 && bytes.readUInt32LE(6) === 0,
    size: (bytes) => ({ width: Math.abs(bytes.readInt32LE(18)), height: Math.abs(bytes.readInt32LE(22)) }),
  },
  {
    format: 'webp',
    matches: (bytes) =>
      bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
    size: webpSize,
  },
  {
    format: 'jpeg',
    matches: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff,
    size: jpegSize,
  },
];

function webpSize(bytes: Buffer): Size | null {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    case 'VP8L': {
      const packed = bytes.readUInt32LE(21);
      return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    default:
      return null;
  }
}

/** Walks the JPEG markers to the frame header; an EXIF orientation of 5 to 8 swaps the sides. */
function jpegSize(bytes: Buffer): Size | null {
  let turned = false;
  for (let at = 2; ;) {
    if (bytes.readUInt8(at) !== 0xff) return null;
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    const length = bytes.readUInt16BE(at + 2);
    if (marker === 0xe1) turned = isTurned(bytes.subarray(at + 4, at + 2 + length));
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const height = bytes.readUInt16BE(at + 5);
      const width = bytes.readUInt16BE(at + 7);
      return turned ? { width: height, height: width } : { width, height };
    }
    if (marker === 0xda || marker === 0xd9) return null; // picture data before any frame header
    at += 2 + length;
  }
}

/** Whether the EXIF block says that the picture is to be shown on its side. */
function isTurned(exif: Buffer): boolean {
  if (exif.toString('latin1', 0, 6) !== 'Exif\0\0') return false;
  const tiff = exif.subarray(6);
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number): number => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  try {
    const directory = u32(4);
    for (let i = 0; i < u16(directory); i++) {
      const entry = directory + 2 + i * 12;
      if (u16(entry) === 0x0112) return u16(entry + 8) >= 5;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a broken EXIF block says nothing
  }
  return false;
}

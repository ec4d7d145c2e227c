import { basename } from 'node:path';
import { MediaError } from './error.ts';
import { readAt, withFile } from './file.ts';
import { frameTableOf, gopInfoOf, type Packet } from './packets.ts';
import type { VideoProbe } from './probe.ts';
import { runForText } from './run-tool.ts';
import type { MediaTools } from './tools.ts';

/** ffprobe also takes text files for videos (as terminal art) and raw streams without times: only these count. */
const trustedFormats = new Set([
  'avi',
  'asf',
  'flv',
  'mpeg',
  'mpegts',
  'mxf',
  'ogg',
  'matroska',
  'mov',
  'nut',
  'wtv',
  'gxf',
  'dv',
]);

/**
 * The video in a container that only ffprobe reads, else null. Where ffprobe is not at hand but the first bytes
 * are those of such a container, throws `MediaError` `tools-missing`.
 */
export async function probeWithFfprobe(
  path: string,
  options: {
    readonly size: number;
    readonly tools: MediaTools | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<VideoProbe | null> {
  const { tools, signal, size } = options;
  const name = basename(path);
  const ffprobe = tools?.kind === 'found' ? tools.ffprobe : null;
  if (ffprobe === null) {
    const container = await guessContainer(path);
    if (container === null) return null;
    const how = tools?.kind === 'missing' ? ` ${tools.howToGet}` : '';
    throw new MediaError(
      'tools-missing',
      `${name} is ${container}, which needs the ffprobe program to be read.${how}`,
    );
  }
  const about = await ask(ffprobe, ['-show_streams', '-show_format', path], signal);
  const format = text(record(about?.['format'])?.['format_name'])?.split(',')[0];
  const streams = list(about?.['streams']).map(record);
  const video = streams.find(
    (s) => s?.['codec_type'] === 'video' && record(s['disposition'])?.['attached_pic'] !== 1,
  );
  if (format === undefined || !trustedFormats.has(format) || !video) return null;
  const timeBase = /^(\d+)\/(\d+)$/.exec(text(video['time_base']) ?? '');
  if (!timeBase) return null;
  // Ticks must be whole parts of a second: AVI counts 1001/30000 s, so each of its ticks is 1001 of ours.
  const grid = { timescale: Number(timeBase[2]), factor: Number(timeBase[1]) };
  const packets = await readTimes(ffprobe, { path, factor: grid.factor, signal });
  const frameTable = frameTableOf(packets, grid.timescale);
  if (frameTable === null) throw new MediaError('damaged', `${name} holds no frame that can be shown.`);
  const audio = streams.find((s) => s?.['codec_type'] === 'audio');
  return {
    kind: 'video',
    size,
    container: format,
    codec: text(video['codec_name']) ?? 'unknown',
    codecString: null,
    ...shownSize(video),
    hasAudio: audio !== undefined,
    audioCodec: text(audio?.['codec_name']) ?? null,
    frameTable,
    gop: gopInfoOf(packets, grid.timescale),
  };
}

type ReadTimes = { readonly path: string; readonly factor: number; readonly signal: AbortSignal | undefined };

/** Times of the packets; where the container has none (B-frames in AVI), those of the decoded frames. */
async function readTimes(ffprobe: string, { path, factor, signal }: ReadTimes): Promise<Packet[]> {
  const select = ['-select_streams', 'V:0', '-show_entries'];
  const stored = await ask(ffprobe, [...select, 'packet=pts,duration,flags', path], signal);
  const packets = list(stored?.['packets']).map(record);
  if (packets.every((packet) => typeof packet?.['pts'] === 'number')) {
    const shown = packets.filter((packet) => text(packet?.['flags'])?.[1] !== 'D'); // D: decoded, never shown
    return shown.map((packet) =>
      toPacket(packet, { time: 'pts', factor, isKey: text(packet?.['flags'])?.[0] === 'K' }),
    );
  }
  const entries = 'frame=best_effort_timestamp,pkt_duration,duration,key_frame';
  const decoded = await ask(ffprobe, [...select, entries, path], signal);
  return list(decoded?.['frames'])
    .map(record)
    .map((frame) =>
      toPacket(frame, { time: 'best_effort_timestamp', factor, isKey: frame?.['key_frame'] === 1 }),
    );
}

function toPacket(
  entry: Record<string, unknown> | undefined,
  { time, factor, isKey }: { readonly time: string; readonly factor: number; readonly isKey: boolean },
): Packet {
  const duration = number(entry?.['duration']) ?? number(entry?.['pkt_duration']) ?? 0;
  return { tick: (number(entry?.[time]) ?? -1) * factor, duration: duration * factor, isKey };
}

function shownSize(video: Record<string, unknown>): Pick<VideoProbe, 'width' | 'height' | 'rotation'> {
  const aspect = /^(\d+):(\d+)$/.exec(text(video['sample_aspect_ratio']) ?? '');
  const stretch =
    aspect && Number(aspect[1]) > 0 && Number(aspect[2]) > 0 ? Number(aspect[1]) / Number(aspect[2]) : 1;
  const width = Math.round((number(video['width']) ?? 0) * stretch);
  const height = number(video['height']) ?? 0;
  const turned =
    list(video['side_data_list'])
      .map(record)
      .flatMap((s) => number(s?.['rotation']) ?? [])[0] ?? 0;
  // ffprobe counts counter-clockwise
  const rotation = ((((Math.round(-turned / 90) * 90) % 360) + 360) % 360) as VideoProbe['rotation'];
  return rotation % 180 === 0 ? { width, height, rotation } : { width: height, height: width, rotation };
}

async function ask(
  ffprobe: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Record<string, unknown> | undefined> {
  const { exitCode, stdout } = await runForText(ffprobe, ['-v', 'error', '-of', 'json', ...args], { signal });
  if (exitCode !== 0) return undefined;
  try {
    return record(JSON.parse(stdout));
  } catch {
    return undefined; // it gave up in the middle of its answer
  }
}

/** What the first bytes say, for a message; null where they are of no video that we know. */
async function guessContainer(path: string): Promise<string | null> {
  const head = await withFile(path, async (file) => await readAt(file, 0, 16));
  const ascii = head.toString('latin1');
  if (ascii.startsWith('RIFF') && ascii.slice(8, 12) === 'AVI ') return 'an AVI file';
  if (ascii.startsWith('FLV\x01')) return 'a Flash video';
  if (ascii.startsWith('\x30\x26\xb2\x75\x8e\x66\xcf\x11')) return 'a Windows Media file';
  if (ascii.startsWith('\x00\x00\x01\xba')) return 'an MPEG program stream';
  if (ascii.startsWith('\x06\x0e\x2b\x34')) return 'an MXF file';
  return null;
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

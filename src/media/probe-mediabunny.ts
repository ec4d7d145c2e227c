import { basename } from 'node:path';
import { ALL_FORMATS, EncodedPacketSink, FilePathSource, Input, type InputVideoTrack } from 'mediabunny';
import { MediaError, type Salvage } from './error.ts';
import { frameTableOf, gopInfoOf, type Packet } from './packets.ts';
import type { VideoProbe } from './probe.ts';

const containers: Readonly<Record<string, string>> = {
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'video/webm': 'webm',
  'video/x-matroska': 'matroska',
  'video/MP2T': 'mpegts',
};

/** Sample entries of QuickTime files that mediabunny indexes but does not name. */
const unnamedCodecs: readonly { readonly entry: RegExp; readonly codec: string }[] = [
  { entry: /^ap(4[hx]|c[hnso])$/, codec: 'prores' },
  { entry: /^(mp4v|xvid)$/i, codec: 'mpeg4' },
  { entry: /^(jpeg|mjp[ab])$/i, codec: 'mjpeg' },
  { entry: /^AV(dn|dh)$/, codec: 'dnxhd' },
];

/** The video in a container that mediabunny reads, else null. Its index is read, not its pictures. */
export async function probeWithMediabunny(
  path: string,
  { size, signal }: { readonly size: number; readonly signal: AbortSignal | undefined },
): Promise<VideoProbe | null> {
  using input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(path) });
  if (!(await canBeRead(input))) return null;
  try {
    const track = await input.getPrimaryVideoTrack();
    if (track === null)
      throw new MediaError('unsupported', `${basename(path)} has no picture, only sound or data.`);
    const audio = await input.getPrimaryAudioTrack();
    const timescale = await track.getTimeResolution();
    const packets = await readPackets(track, { timescale, signal });
    const frameTable = frameTableOf(packets, timescale);
    if (frameTable === null)
      throw new MediaError('damaged', `${basename(path)} holds no frame that can be shown.`);
    return {
      kind: 'video',
      size,
      container: containers[(await input.getFormat()).mimeType] ?? (await input.getFormat()).name,
      codec: await codecOf(track),
      codecString: await track.getCodecParameterString(),
      width: await track.getDisplayWidth(),
      height: await track.getDisplayHeight(),
      rotation: await track.getRotation(),
      hasAudio: audio !== null,
      audioCodec: (await audio?.getCodec()) ?? null,
      frameTable,
      gop: gopInfoOf(packets, timescale),
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof MediaError) throw error;
    throw new MediaError('damaged', `${basename(path)} is damaged: its index cannot be read.`, {
      cause: error,
    });
  }
}

/** A file that is shorter than any header makes the reader throw instead of saying no. */
async function canBeRead(input: Input): Promise<boolean> {
  try {
    return await input.canRead();
  } catch {
    return false;
  }
}

/**
 * How many frames from the start are whole in a file that was cut off. Data lies in decoding order, so the
 * first unreadable frame is found by halving.
 */
export async function countWholeFrames(
  path: string,
  { signal }: { readonly signal: AbortSignal | undefined },
): Promise<Salvage> {
  using input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(path) });
  const nothing: Salvage = { frames: 0, ofFrames: null, seconds: 0 };
  try {
    const track = (await input.canRead()) ? await input.getPrimaryVideoTrack() : null;
    if (track === null) return nothing;
    const timescale = await track.getTimeResolution();
    const packets = await readPackets(track, { timescale, signal });
    const sink = new EncodedPacketSink(track);
    let whole = 0;
    let broken = packets.length;
    while (whole < broken) {
      signal?.throwIfAborted();
      const middle = (whole + broken) >>> 1;
      const tick = packets[middle]?.tick ?? 0;
      if (await isReadable(sink, tick / timescale)) whole = middle + 1;
      else broken = middle;
    }
    const table = frameTableOf(packets.slice(0, whole), timescale);
    if (table === null) return { ...nothing, ofFrames: packets.length };
    const frames = table.ticks.length;
    return { frames, ofFrames: packets.length, seconds: (table.endTick - (table.ticks[0] ?? 0)) / timescale };
  } catch {
    signal?.throwIfAborted();
    return nothing; // so badly cut that not even its index can be followed
  }
}

async function isReadable(sink: EncodedPacketSink, seconds: number): Promise<boolean> {
  try {
    // half a millisecond later: the time was rounded to ticks
    const packet = await sink.getPacket(seconds + 0.0005);
    return packet !== null && packet.data.byteLength === packet.byteLength && packet.byteLength > 0;
  } catch {
    return false;
  }
}

async function readPackets(
  track: InputVideoTrack,
  { timescale, signal }: { readonly timescale: number; readonly signal: AbortSignal | undefined },
): Promise<Packet[]> {
  const packets: Packet[] = [];
  const sink = new EncodedPacketSink(track);
  for await (const packet of sink.packets(undefined, undefined, { metadataOnly: true })) {
    if (packets.length % 1000 === 0) signal?.throwIfAborted();
    packets.push({
      tick: Math.round(packet.timestamp * timescale),
      duration: Math.round(packet.duration * timescale),
      isKey: packet.type === 'key',
    });
  }
  return packets;
}

async function codecOf(track: InputVideoTrack): Promise<string> {
  const codec = await track.getCodec();
  if (codec !== null) return codec === 'avc' ? 'h264' : codec;
  const id = await track.getInternalCodecId();
  const entry = typeof id === 'string' ? id : '';
  return unnamedCodecs.find((known) => known.entry.test(entry))?.codec ?? (entry || 'unknown');
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { probeMedia } from '../../src/media/probe.ts';
import { findMediaTools } from '../../src/media/tools.ts';
import { diveClip, sampleClip } from '../support/shared-data.ts';
import { inTurn, type Comparison } from './measure.ts';

const run = promisify(execFile);

/** The times of all frames of a clip: our probe against listing its packets or its frames with ffprobe. */
export async function compareFrames(): Promise<Comparison[]> {
  const tools = await findMediaTools({ env: process.env, platform: process.platform, arch: process.arch });
  const ffprobe = tools.kind === 'found' ? tools.ffprobe : null;
  if (ffprobe === null) {
    console.log('Frame tables: skipped, there is no ffprobe to compare with.\n');
    return [];
  }
  const dive = diveClip();
  if (dive === null)
    console.log('Frame tables: the real dive clip is not here, the sample alone is measured.\n');
  const comparisons: Comparison[] = [];
  if (dive !== null) comparisons.push(await compareOn('the real dive clip', dive, ffprobe));
  comparisons.push(await compareOn('the sample clip', sampleClip(), ffprobe));
  return comparisons;
}

async function compareOn(name: string, path: string, ffprobe: string): Promise<Comparison> {
  const list = (entries: string) => () =>
    run(ffprobe, ['-v', 'error', '-select_streams', 'v:0', '-show_entries', entries, '-of', 'json', path], {
      maxBuffer: 1 << 28,
    });
  const probe = await probeMedia(path);
  const count = probe.kind === 'video' ? probe.frameTable.ticks.length : 0;
  const listed = JSON.parse((await list('packet=pts')()).stdout) as { packets: unknown[] };
  const facts = `${count} frames here, ${listed.packets.length} packets by ffprobe`;
  return {
    job: `Frame table of ${name} (${facts})`,
    ways: await inTurn(
      {
        'probe of the index (ours)': () => probeMedia(path),
        'ffprobe, packets': list('packet=pts,duration,flags'),
        'ffprobe, decoded frames': list('frame=pts,duration,key_frame'),
      },
      10,
    ),
  };
}

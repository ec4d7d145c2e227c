import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';
import { access, constants } from 'node:fs/promises';
import { MediaError } from './error.ts';
import { runForText } from './run-tool.ts';

/** An H.264 encoder of ffmpeg that we know how to drive, best first. */
const knownH264Encoders = ['libx264', 'h264_videotoolbox', 'libopenh264', 'h264_mf'] as const;
export type H264Encoder = (typeof knownH264Encoders)[number];

export type FoundTools = {
  readonly kind: 'found';
  /** Path of the ffmpeg program. */
  readonly ffmpeg: string;
  /** Path of ffprobe, which some ffmpeg packages leave out. */
  readonly ffprobe: string | null;
  /** As the program names itself, such as `5.1.9-0+deb12u1`. */
  readonly version: string;
  readonly origin: 'setting' | 'environment' | 'path' | 'package';
  /** Null where this ffmpeg cannot make H.264; then nothing can be transcoded. */
  readonly h264Encoder: H264Encoder | null;
  /** The arguments that keep every source frame at its own time, in this version's spelling. */
  readonly passthrough: readonly string[];
};

export type MissingTools = {
  readonly kind: 'missing';
  /** Sentences for the user. */ readonly howToGet: string;
};

export type MediaTools = FoundTools | MissingTools;

export type FindToolsOptions = {
  /** What the user set in the settings: the path of the ffmpeg program. */
  readonly setting?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Looks for ffmpeg: the setting, `FFMPEG_PATH`, the folders of `PATH`, then a package that a source checkout
 * may have installed for development. A candidate counts only if it runs. Never throws for a missing program.
 */
export async function findMediaTools(options: FindToolsOptions): Promise<MediaTools> {
  const windows = options.platform === 'win32';
  for (const { path, origin } of candidates(options)) {
    if (!(await isExecutable(path))) continue;
    const found = await describe(path, { origin, windows, signal: options.signal });
    if (found) return found;
  }
  return { kind: 'missing', howToGet: howToGet(options.platform) };
}

/** The tools, or `MediaError` `tools-missing` with what to do about it. */
export function requireTools(tools: MediaTools, purpose: string): FoundTools {
  if (tools.kind === 'found') return tools;
  throw new MediaError(
    'tools-missing',
    `${purpose} needs the ffmpeg program, which was not found. ${tools.howToGet}`,
  );
}

/** The version numbers in `ffmpeg -version`'s first line; null for builds named after a commit or a date. */
export function parseVersion(
  firstLine: string,
): { readonly name: string; readonly major: number; readonly minor: number } | null {
  const name = /^ffmpeg version (\S+)/.exec(firstLine)?.[1];
  if (name === undefined) return null;
  const numbers = /^n?(\d+)\.(\d+)/.exec(name);
  return { name, major: Number(numbers?.[1] ?? NaN), minor: Number(numbers?.[2] ?? NaN) };
}

/** `-fps_mode` came with 5.1; `-vsync` left with 8.0. An unnumbered build is recent if its copyright says so. */
export function passthroughArguments(firstLine: string): readonly string[] {
  const version = parseVersion(firstLine);
  const numbered = version !== null && !Number.isNaN(version.major);
  const recent = numbered
    ? version.major > 5 || (version.major === 5 && version.minor >= 1)
    : Number(/\b2\d{3}-(2\d{3})\b/.exec(firstLine)?.[1] ?? 0) > 2022;
  return recent ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough'];
}

function* candidates(options: FindToolsOptions): Generator<{ path: string; origin: FoundTools['origin'] }> {
  if (options.setting) yield { path: options.setting, origin: 'setting' };
  const named = options.env['FFMPEG_PATH'];
  if (named) yield { path: named, origin: 'environment' };
  const program = options.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  for (const folder of (options.env['PATH'] ?? options.env['Path'] ?? '').split(delimiter)) {
    if (folder) yield { path: join(folder, program), origin: 'path' };
  }
  // Installers ship no ffmpeg; only a checkout with its development packages has this one.
  const packaged = resolvePackaged(`@ffmpeg-installer/${options.platform}-${options.arch}/${program}`);
  if (packaged) yield { path: packaged, origin: 'package' };
}

function resolvePackaged(specifier: string): string | null {
  try {
    return createRequire(import.meta.url).resolve(specifier);
  } catch {
    return null; // the package is not installed, which is the usual case
  }
}

async function describe(
  ffmpeg: string,
  {
    origin,
    windows,
    signal,
  }: { origin: FoundTools['origin']; windows: boolean; signal: AbortSignal | undefined },
): Promise<FoundTools | null> {
  const firstLine = await firstLineOf(ffmpeg, ['-version'], signal);
  const version = firstLine === null ? null : parseVersion(firstLine);
  if (firstLine === null || version === null) return null;
  const encoders = await runForText(ffmpeg, ['-hide_banner', '-encoders'], { signal });
  const names = new Set(encoders.stdout.split('\n').map((line) => line.trim().split(/\s+/)[1]));
  return {
    kind: 'found',
    ffmpeg,
    ffprobe: await findProbe(ffmpeg, { windows, signal }),
    version: version.name,
    origin,
    h264Encoder: knownH264Encoders.find((name) => names.has(name)) ?? null,
    passthrough: passthroughArguments(firstLine),
  };
}

/** The ffprobe that came with this ffmpeg: beside it. One of another version may count frames differently. */
async function findProbe(
  ffmpeg: string,
  { windows, signal }: { windows: boolean; signal: AbortSignal | undefined },
): Promise<string | null> {
  const name = basename(ffmpeg).replace('ffmpeg', 'ffprobe');
  const beside = join(
    dirname(ffmpeg),
    name.startsWith('ffprobe') ? name : windows ? 'ffprobe.exe' : 'ffprobe',
  );
  if (!(await isExecutable(beside))) return null;
  return (await firstLineOf(beside, ['-version'], signal)) === null ? null : beside;
}

async function firstLineOf(
  program: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | null> {
  try {
    const { exitCode, stdout } = await runForText(program, args, { signal });
    return exitCode === 0 ? (stdout.split('\n')[0]?.trim() ?? null) : null;
  } catch (error) {
    if (error instanceof MediaError) return null; // it is there but does not run on this machine
    throw error;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function howToGet(platform: NodeJS.Platform): string {
  const install: Partial<Record<NodeJS.Platform, string>> = {
    linux:
      'Install the package "ffmpeg" of your distribution (on Debian and Ubuntu: sudo apt install ffmpeg).',
    darwin: 'Install it with Homebrew: brew install ffmpeg.',
    win32: 'Install it with winget: winget install Gyan.FFmpeg.',
  };
  return `${install[platform] ?? 'Install ffmpeg from ffmpeg.org.'} Or name its path in the settings or in FFMPEG_PATH.`;
}

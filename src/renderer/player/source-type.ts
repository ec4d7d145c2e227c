/**
 * The type that video.js is told, by the name in the address. It only chooses the tech by it; the browser
 * looks into the file itself. Matroska is named WebM, which Chromium's same demuxer reads.
 */
export function sourceTypeOf(url: string): string {
  const path = url.split(/[?#]/, 1)[0] ?? '';
  return /\.(webm|mkv)$/i.test(path) ? 'video/webm' : 'video/mp4';
}

/** What the player says when something is wrong; `frame` as the user counts, from 0. */
export const playerTexts = {
  otherFrame: (wanted: number, shown: number): string =>
    shown < 0
      ? `Frame ${wanted} could not be shown: no picture arrived.`
      : `Frame ${wanted} could not be confirmed. The picture shown is frame ${shown}.`,
  noCallback: 'This browser cannot tell which frame it shows, so frames cannot be annotated here.',
  aborted: 'Loading the video was stopped.',
  network: 'The video could not be read. It may have been moved, or the connection to it was lost.',
  decode: 'The video is damaged or cannot be decoded from here on.',
  unsupported: 'This video’s format cannot be played here. It must be converted first.',
  unknown: 'The video cannot be played.',
} as const;

/** The text for a media element's error code (HTML standard, MediaError). */
export function mediaErrorText(code: number | undefined): string {
  switch (code) {
    case 1:
      return playerTexts.aborted;
    case 2:
      return playerTexts.network;
    case 3:
      return playerTexts.decode;
    case 4:
      return playerTexts.unsupported;
    default:
      return playerTexts.unknown;
  }
}

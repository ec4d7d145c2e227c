import { describe, expect, it } from 'vitest';
import { mediaErrorText, playerTexts } from '../../../../src/renderer/player/player-texts.ts';
import { sourceTypeOf } from '../../../../src/renderer/player/source-type.ts';

describe('what the player says', () => {
  it('names the frame that is really shown', () => {
    expect(playerTexts.otherFrame(7, 8)).toContain('shown is frame 8');
    expect(playerTexts.otherFrame(7, -1)).toContain('no picture');
  });

  it('has a text of its own for every code of a media error', () => {
    expect(new Set([1, 2, 3, 4, undefined].map(mediaErrorText)).size).toBe(5);
  });
});

describe('the type of a source', () => {
  it('comes from the name in the address, not from what follows it', () => {
    expect(sourceTypeOf('/media/a.MKV?token=x.mp4')).toBe('video/webm');
    expect(sourceTypeOf('/media/a.mov#t=1')).toBe('video/mp4');
    expect(sourceTypeOf('/media/4711')).toBe('video/mp4');
  });
});

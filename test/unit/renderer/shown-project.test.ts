import { expect, it } from 'vitest';
import { shownProject } from '../../../src/renderer/views/shown-project.ts';

const reef = { id: 1, name: 'Reef', summary: '', permission: 'Can Edit' };
const slope = { id: 2, name: 'Slope', summary: '', permission: 'Can Edit' };
const gone = { id: 1, name: 'Reef', since: 5, unsynced: 3 };
const editor = { view: 'editor', projectId: 1, mediaKey: 'm' } as const;
const library = { view: 'library', projectId: 1 } as const;

it('keeps an open editor on its project while that is hidden, and on its way there', () => {
  const steps = [
    { projects: [reef, slope], hidden: [], last: null },
    { projects: [slope], hidden: [], last: reef },
    { projects: [slope], hidden: [gone], last: reef },
  ];
  expect(steps.map((step) => shownProject(editor, 1, step)?.id)).toEqual([1, 1, 1]);
});

it('shows another project in the library in place of a hidden one', () => {
  expect(shownProject(library, 1, { projects: [slope], hidden: [gone], last: reef })).toEqual(slope);
  expect(shownProject(library, 1, { projects: [], hidden: [gone], last: reef })).toBeNull();
});

import { describe, expect, it } from 'vitest';
import { PartBook } from '../../kill/part-book.ts';

function part(number: number, session: string): string {
  return `/objects/1/2/7/still_${session}.png?uploadId=u&partNumber=${number}`;
}

describe('the count of parts that are sent again', () => {
  it('counts what was begun before a kill, once between two kills', () => {
    const book = new PartBook();
    for (const number of [1, 2, 3]) book.sent(part(number, 'abc'));
    book.killed();
    for (const number of [3, 3, 4]) book.sent(part(number, 'abc'));
    expect(book.resent()).toEqual({ parts: 1, most: 1 });
  });

  it('counts a file that is begun anew in another session', () => {
    const book = new PartBook();
    for (const number of [1, 2, 3]) book.sent(part(number, 'abc'));
    book.killed();
    for (const number of [1, 2, 3]) book.sent(part(number, 'xyz'));
    expect(book.resent()).toEqual({ parts: 3, most: 3 });
  });
});

import { describe, expectTypeOf, it } from 'vitest';
import type { TatorClient } from '../../../src/api/client.ts';
import type { ArgsOf, BodyOf, ReplyOf } from '../../../src/contract/types.ts';

/** Judged by the compiler; nothing here runs. */
type Never<T> = (client: T) => void;
const compiled: Never<TatorClient>[] = [];

describe('the types of the client', () => {
  it('come from the table', () => {
    expectTypeOf<ArgsOf<'get_localization_list'>>().toExtend<{ project: number; media_id?: number[] }>();
    expectTypeOf<ArgsOf<'get_video_file'>>().toEqualTypeOf<{
      id: number;
      role: 'streaming' | 'archival';
      index: number;
    }>();
    expectTypeOf<ArgsOf<'delete_localization_by_elemental_id'>>().toExtend<{
      version: number;
      elemental_id: string;
    }>();
    expectTypeOf<ReplyOf<'get_media_count'>>().toEqualTypeOf<number>();
    expectTypeOf<ReplyOf<'user_exists'>>().toEqualTypeOf<boolean>();
    expectTypeOf<ReplyOf<'get_frame'>>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<ReplyOf<'get_permalink'>>().toEqualTypeOf<{ location: string }>();
    expectTypeOf<ReplyOf<'get_localization_list'>[number]['id']>().toEqualTypeOf<number>();
    expectTypeOf<ReplyOf<'get_media'>['fps']>().toEqualTypeOf<number | null | undefined>();
    expectTypeOf<NonNullable<BodyOf<'create_membership'>>['permission']>().toEqualTypeOf<
      'View Only' | 'Can Edit' | 'Can Transfer' | 'Can Execute' | 'Full Control'
    >();
  });

  it('let right calls compile', () => {
    compiled.push((tator) => {
      void tator.whoami();
      void tator.get_localization_list({ project: 1, media_id: [1, 2], show_deleted: 1 });
      void tator.create_localization_list({ project: 1, body: { media_id: 1, type: 2, frame: 3, x: null } });
      void tator.create_localization_list({ project: 1, body: [{ media_id: 1, type: 2, frame: 3 }] });
      void tator.delete_localization({ id: 1 }, { timeout: 1000 });
      void tator.get_media_list({
        project: 1,
        encoded_search: {
          method: 'and',
          operations: [{ attribute: 'Species', operation: 'in', value: ['Cod', 'Hake'] }],
        },
      });
    });
  });

  it('let wrong calls not compile', () => {
    compiled.push((tator) => {
      // @ts-expect-error a misspelt parameter
      void tator.get_localization_list({ project: 1, media_ids: [1] });
      // @ts-expect-error one id where a list is due
      void tator.get_localization_list({ project: 1, media_id: 1 });
      // @ts-expect-error a path parameter is missing
      void tator.get_localization_list({ media_id: [1] });
      // @ts-expect-error arguments are missing
      void tator.get_media();
      // @ts-expect-error a required query parameter is missing
      void tator.get_video_file({ id: 1, index: 0 });
      // @ts-expect-error a required body member is missing
      void tator.create_localization_list({ project: 1, body: [{ media_id: 1, type: 2 }] });
      // @ts-expect-error the body is missing
      void tator.create_version({ project: 1 });
      // @ts-expect-error a body where there is none
      void tator.get_media({ id: 1, body: {} });
      // @ts-expect-error a word that is none of the choices
      void tator.get_media_list({ project: 1, dtype: 'film' });
      void tator.get_media_list({
        project: 1,
        // @ts-expect-error a misspelt operation of a search
        encoded_search: { attribute: 'a', operation: 'equals', value: 1 },
      });
      void tator.get_media_list_by_id({
        project: 1,
        // @ts-expect-error the misspelling of the published list
        body: { object_search: { attribute: 'a', operation: 'iendswidth', value: 'x' } },
      });
      // @ts-expect-error an object is no attribute value
      void tator.update_localization({ id: 1, body: { attributes: { Species: { name: 'Cod' } } } });
      // @ts-expect-error an operation that does not exist
      void tator.call('get_localisation_list', {});
    });
  });
});

import type { Fields } from '../../src/domain/fields.ts';
import type { Answer, ServerPort } from '../../src/sync/ports.ts';
import { currentRow, isLost, isRefused, onServer, type Plant } from './planting.ts';

/*
 * Bugs in what is sent, and in what is made of the answers. (Those that ours makes good by looking
 * again, such as a delete whose lost answer is taken as done, are not here: nothing of the user's is
 * lost by them.)
 */

function without(fields: Fields, drop: (name: string) => boolean): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !drop(name)));
}

const isAttribute = (name: string): boolean => name.startsWith('attributes.');

/** As the engine would look upon a refusal whose kind it does not know. */
function asRejection<T>(answer: Answer<T>): Answer<T> {
  return !answer.ok && answer.failure.kind === 'forbidden'
    ? { ok: false, failure: { kind: 'rejected', message: answer.failure.message } }
    : answer;
}

const creates: Readonly<Record<string, Plant>> = {
  'a create without an answer is sent again at once': {
    by: 'nothing is carried out twice',
    bug: onServer((server) => ({
      createAnnotations: async (project, specs, key) => {
        const answer = await server.createAnnotations(project, specs, key);
        return isLost(answer) ? server.createAnnotations(project, specs, key) : answer;
      },
    })),
  },
  'a create without an answer counts as done': {
    by: 'nothing is sent again too early',
    bug: onServer((server) => ({
      createAnnotations: async (project, specs, key) => {
        const answer = await server.createAnnotations(project, specs, key);
        return isLost(answer) ? { ok: true, value: specs.map((_, i) => 1_000_000 + i) } : answer;
      },
    })),
  },
  'a refused create counts as done': {
    by: 'progress',
    bug: onServer((server) => ({
      createAnnotations: async (project, specs, key) => {
        const answer = await server.createAnnotations(project, specs, key);
        return isRefused(answer) ? { ok: true, value: specs.map((_, i) => 1_000_000 + i) } : answer;
      },
    })),
  },
  'a create goes to another version': {
    by: 'all converge',
    bug: onServer((server) => ({
      createAnnotations: (project, specs, key) =>
        server.createAnnotations(
          project,
          specs.map((spec) => ({ ...spec, ref: { ...spec.ref, version: spec.ref.version + 1 } })),
          key,
        ),
    })),
  },
  'keys of requests are made anew each time': {
    by: 'nothing is sent again too early',
    from: 6700,
    bug: onServer((server) => {
      let made = 0;
      return {
        createAnnotations: (project, specs, key) =>
          server.createAnnotations(project, specs, key && `${key}/${(made += 1)}`),
      };
    }),
  },
  'an element that others deleted is made anew to be changed': {
    by: 'nothing deleted comes back',
    bug: onServer((server) => ({
      patchAnnotation: async (ref, mark, changes) => {
        const row = await currentRow(server, ref);
        if (row?.deleted !== true) return server.patchAnnotation(ref, mark, changes);
        const fields = { ...row.fields, ...changes };
        const made = await server.createAnnotations(1, [{ ref, type: row.type, mediaIds: [1], fields }]);
        return made.ok ? { ok: true, value: { ...row, deleted: false, fields, mark: mark + 1 } } : made;
      },
    })),
  },
};

const edits: Readonly<Record<string, Plant>> = {
  'a patch without an answer counts as done': {
    by: 'no acknowledged edit is lost',
    bug: onServer((server) => ({
      patchAnnotation: async (ref, mark, changes) => {
        const answer = await server.patchAnnotation(ref, mark, changes);
        const row = isLost(answer) ? await currentRow(server, ref) : null;
        if (row === null) return answer;
        return { ok: true, value: { ...row, mark: mark + 1, fields: { ...row.fields, ...changes } } };
      },
    })),
  },
  'a stale mark counts as done': {
    by: 'no acknowledged edit is lost',
    bug: onServer((server) => ({
      patchAnnotation: async (ref, mark, changes) => {
        const answer = await server.patchAnnotation(ref, mark, changes);
        const isStale = !answer.ok && answer.failure.kind === 'stale-mark';
        const row = isStale ? await currentRow(server, ref) : null;
        return row === null ? answer : { ok: true, value: { ...row, fields: { ...row.fields, ...changes } } };
      },
    })),
  },
  'a patch leaves attributes out': {
    by: 'no acknowledged edit is lost',
    bug: onServer((server) => ({
      patchAnnotation: async (ref, mark, changes) => {
        const answer = await server.patchAnnotation(ref, mark, without(changes, isAttribute));
        if (!answer.ok) return answer;
        return { ok: true, value: { ...answer.value, fields: { ...answer.value.fields, ...changes } } };
      },
    })),
  },
  'a patch sets a field that nobody has touched': {
    by: 'untouched fields are identical',
    bug: onServer((server) => ({
      patchAnnotation: (ref, mark, changes) =>
        server.patchAnnotation(ref, mark, ref.kind === 'localization' ? { frame: 7, ...changes } : changes),
    })),
  },
  'the mark of a patch is not checked': {
    by: 'no foreign clobber',
    bug: onServer((server) => ({
      patchAnnotation: async (ref, mark, changes) => {
        const row = await currentRow(server, ref);
        const answer = await server.patchAnnotation(ref, row?.mark ?? mark, changes);
        return answer.ok ? { ok: true, value: { ...answer.value, mark: mark + 1 } } : answer;
      },
    })),
  },
  'it is not seen that a patch has hidden the mark of another': {
    by: 'nothing stays hidden',
    bug: onServer((server) => ({
      patchAnnotation: async (ref, mark, changes) => {
        const answer = await server.patchAnnotation(ref, mark, changes);
        return answer.ok ? { ok: true, value: { ...answer.value, mark: mark + 1 } } : answer;
      },
    })),
  },
  'an element is deleted where its change was refused': {
    by: 'nothing is deleted unasked',
    bug: onServer((server) => ({
      patchAnnotation: async (ref, mark, changes) => {
        const answer = await server.patchAnnotation(ref, mark, changes);
        if (!answer.ok && answer.failure.kind === 'rejected') await server.deleteAnnotation(ref);
        return answer;
      },
    })),
  },
  'a delete is never sent': {
    by: 'progress',
    bug: onServer(() => ({ deleteAnnotation: async () => ({ ok: true, value: null }) })),
  },
  'a lost permission counts as a refusal': {
    by: 'nothing is parked for want of a permission',
    bug: onServer((server) => ({
      createAnnotations: async (...what: Parameters<ServerPort['createAnnotations']>) =>
        asRejection(await server.createAnnotations(...what)),
      patchAnnotation: async (...what: Parameters<ServerPort['patchAnnotation']>) =>
        asRejection(await server.patchAnnotation(...what)),
      deleteAnnotation: async (ref) => asRejection(await server.deleteAnnotation(ref)),
    })),
  },
};

const medias: Readonly<Record<string, Plant>> = {
  'a media without an answer is made again at once': {
    by: 'one visible row per elemental id and version',
    bug: onServer((server) => ({
      createMedia: async (project, spec) => {
        const answer = await server.createMedia(project, spec);
        return isLost(answer) ? server.createMedia(project, spec) : answer;
      },
    })),
  },
  'a media is made without a look whether it is there': {
    by: 'one visible row per elemental id and version',
    bug: onServer((server) => ({
      findMedia: async () => ({ ok: true, value: [] }),
      createMedia: (project, spec) => server.createMedia(project, spec),
    })),
  },
  'an edit of a media is never sent': {
    by: 'only what is refused is parked',
    bug: onServer(() => ({ patchMedia: async () => ({ ok: true, value: null }) })),
  },
};

const reads: Readonly<Record<string, Plant>> = {
  'looked-up histories come back empty': {
    by: 'nothing is carried out twice',
    bug: onServer((server) => ({
      readMarks: async (query) => (query.allMarks ? { ok: true, value: [] } : server.readMarks(query)),
    })),
  },
  'tombstones are not read': {
    by: 'nothing is carried out twice',
    bug: onServer((server) => ({
      readMarks: async (query) => {
        const answer = await server.readMarks(query);
        return answer.ok ? { ok: true, value: answer.value.filter(({ deleted }) => !deleted) } : answer;
      },
    })),
  },
  'pages are read one row too far on': {
    by: 'all converge',
    bug: onServer((server) => ({
      readMarks: (query) =>
        server.readMarks(
          query.elementalIds === undefined ? { ...query, after: (query.after ?? 0) + 1 } : query,
        ),
    })),
  },
  'the last row of each list is dropped': {
    by: 'all converge',
    bug: onServer((server) => ({
      readMarks: async (query) => {
        const answer = await server.readMarks(query);
        return answer.ok && query.elementalIds === undefined
          ? { ok: true, value: answer.value.slice(0, -1) }
          : answer;
      },
    })),
  },
  'every list is read thirty times': {
    by: 'bounded requests',
    bug: onServer((server) => ({
      readMarks: async (query) => {
        for (let i = 1; i < 30; i += 1) await server.readMarks(query);
        return server.readMarks(query);
      },
    })),
  },
};

export const plantsOfRequests = { ...creates, ...edits, ...medias, ...reads };

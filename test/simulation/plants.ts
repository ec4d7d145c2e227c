import type { Fields } from '../../src/domain/fields.ts';
import type {
  Answer,
  EntityState,
  MarkQuery,
  Revision,
  ServerPort,
  SyncStorage,
} from '../../src/sync/ports.ts';
import { digesting } from './tator-port.ts';
import type { Planted } from './world.ts';

/**
 * Known bugs of engines like this one, each as a thin layer around ours. The checkers must catch every
 * one. (Bugs that ours makes good by looking again, such as a delete whose lost answer is taken as done,
 * are not here: nothing of the user's is lost by them.)
 */

/** A port whose listed methods differ; the rest stays as it is. */
function replacing<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get: (object, name) => {
      const value: unknown = Reflect.get(name in methods ? methods : object, name);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}

type Methods<T> = (target: T) => Partial<T>;

const onServer = (methods: Methods<ServerPort>): Planted => ({
  wrapServer: (server) => {
    const own = methods(server);
    // An audit reads the same lists by another name.
    const digested = own.readMarks === undefined ? {} : { readMarksUnless: digesting(own.readMarks) };
    return replacing(server, { ...digested, ...own });
  },
});

const onStorage = (methods: Methods<SyncStorage>): Planted => ({
  wrapStorage: (storage) => replacing(storage, methods(storage)),
});

/** Changes what the engine decides, or what it is told before it does. */
const onDecisions = ({
  before = (state) => state,
  after = (revision) => revision,
}: {
  before?: (state: EntityState) => EntityState;
  after?: (revision: Revision, state: EntityState) => Revision;
}): Planted =>
  onStorage((storage) => ({
    revise: (places, decide, cursors) =>
      storage.revise(
        places,
        (states) => {
          const told = states.map(before);
          return decide(told).map((revision, i) => after(revision, told[i] as EntityState));
        },
        cursors,
      ),
  }));

const isLost = (answer: Answer<unknown>): boolean => !answer.ok && answer.failure.kind === 'unknown-outcome';

/** A failure of some kind, where it is not the loss of the link: then all works, only later. */
const isRefused = (answer: Answer<unknown>): boolean =>
  !answer.ok && (answer.failure.kind === 'rejected' || answer.failure.kind === 'forbidden');

function without(fields: Fields, drop: (name: string) => boolean): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !drop(name)));
}

export const plants: Readonly<Record<string, Planted>> = {
  'a create without an answer is sent again at once': onServer((server) => ({
    createAnnotations: async (project, specs) => {
      const answer = await server.createAnnotations(project, specs);
      return isLost(answer) ? server.createAnnotations(project, specs) : answer;
    },
  })),
  'a create without an answer counts as done': onServer((server) => ({
    createAnnotations: async (project, specs) => {
      const answer = await server.createAnnotations(project, specs);
      return isLost(answer) ? { ok: true, value: specs.map((_, i) => 1_000_000 + i) } : answer;
    },
  })),
  'a refused create counts as done': onServer((server) => ({
    createAnnotations: async (project, specs) => {
      const answer = await server.createAnnotations(project, specs);
      return isRefused(answer) ? { ok: true, value: specs.map((_, i) => 1_000_000 + i) } : answer;
    },
  })),
  'a create leaves attributes out': onServer((server) => ({
    createAnnotations: (project, specs) =>
      server.createAnnotations(
        project,
        specs.map((spec) => ({
          ...spec,
          fields: without(spec.fields, (name) => name.startsWith('attributes.')),
        })),
      ),
  })),
  'a create names another type': onServer((server) => ({
    createAnnotations: (project, specs) =>
      server.createAnnotations(
        project,
        specs.map((spec) => ({ ...spec, ref: { ...spec.ref, version: spec.ref.version + 1 } })),
      ),
  })),
  'a patch without an answer counts as done': onServer((server) => ({
    patchAnnotation: async (ref, mark, changes) => {
      const answer = await server.patchAnnotation(ref, mark, changes);
      if (!isLost(answer)) return answer;
      const { version, elementalId } = ref;
      const kind = ref.kind === 'state' ? 'state' : 'localization';
      const query: MarkQuery = {
        projectId: 1,
        kind,
        version,
        elementalIds: [elementalId],
        allMarks: false,
        limit: 9,
      };
      const read = await server.readMarks(query);
      const [row] = read.ok ? read.value : [];
      return row
        ? { ok: true, value: { ...row, mark: mark + 1, fields: { ...row.fields, ...changes } } }
        : answer;
    },
  })),
  'a stale mark counts as done': onServer((server) => ({
    patchAnnotation: async (ref, mark, changes) => {
      const answer = await server.patchAnnotation(ref, mark, changes);
      if (answer.ok || answer.failure.kind !== 'stale-mark') return answer;
      const { version, elementalId } = ref;
      const kind = ref.kind === 'state' ? 'state' : 'localization';
      const query: MarkQuery = {
        projectId: 1,
        kind,
        version,
        elementalIds: [elementalId],
        allMarks: false,
        limit: 9,
      };
      const read = await server.readMarks(query);
      const [row] = read.ok ? read.value : [];
      return row ? { ok: true, value: { ...row, fields: { ...row.fields, ...changes } } } : answer;
    },
  })),
  'a patch leaves attributes out': onServer((server) => ({
    patchAnnotation: async (ref, mark, changes) => {
      const answer = await server.patchAnnotation(
        ref,
        mark,
        without(changes, (name) => name.startsWith('attributes.')),
      );
      return answer.ok
        ? { ok: true, value: { ...answer.value, fields: { ...answer.value.fields, ...changes } } }
        : answer;
    },
  })),
  'a delete is never sent': onServer(() => ({
    deleteAnnotation: async () => ({ ok: true, value: null }),
  })),
  'a media without an answer is made again at once': onServer((server) => ({
    createMedia: async (project, spec) => {
      const answer = await server.createMedia(project, spec);
      return isLost(answer) ? server.createMedia(project, spec) : answer;
    },
  })),
  'a media is made without a look whether it is there': onServer(() => ({
    findMedia: async () => ({ ok: true, value: [] }),
  })),
  'an edit of a media is never sent': onServer(() => ({
    patchMedia: async () => ({ ok: true, value: null }),
  })),
  'looked-up histories come back empty': onServer((server) => ({
    readMarks: async (query) => (query.allMarks ? { ok: true, value: [] } : server.readMarks(query)),
  })),
  'tombstones are not read': onServer((server) => ({
    readMarks: async (query) => {
      const answer = await server.readMarks(query);
      return answer.ok ? { ok: true, value: answer.value.filter(({ deleted }) => !deleted) } : answer;
    },
  })),
  'pages are read one row too far on': onServer((server) => ({
    readMarks: (query) =>
      server.readMarks({ ...query, after: (query.after ?? 0) + 1, elementalIds: query.elementalIds ?? [] }),
  })),
  'the last row of each list is dropped': onServer((server) => ({
    readMarks: async (query) => {
      const answer = await server.readMarks(query);
      return answer.ok && query.elementalIds === undefined
        ? { ok: true, value: answer.value.slice(0, -1) }
        : answer;
    },
  })),
  'an answer that was lost is taken as a refusal before the request': {
    wrapStorage: (storage) =>
      replacing(storage, {
        revise: (places, decide, cursors) =>
          storage.revise(
            places,
            (states) =>
              decide(states).map((revision) =>
                revision.attempt?.state === 'in-doubt' ? { ...revision, attempt: null } : revision,
              ),
            cursors,
          ),
        doubtSentAttempts: async () => undefined,
      }),
  },
  'attempts are not written down': onDecisions({
    after: ({ attempt: _attempt, ...revision }) => revision,
  }),
  'conflicts are not listed': onDecisions({ after: (revision) => ({ ...revision, conflicts: [] }) }),
  'a conflict is decided for the server': onDecisions({
    after: (revision) =>
      (revision.conflicts?.length ?? 0) > 0 ? { ...revision, edit: null, conflicts: [] } : revision,
  }),
  'edits are dropped instead of parked': onDecisions({
    after: (revision) => (revision.edit?.status.kind === 'parked' ? { ...revision, edit: null } : revision),
  }),
  'what the server tells is not kept': onDecisions({
    after: (revision, state) => (state.edit === null ? { ...revision, row: state.row } : revision),
  }),
  'changes of content that move no clock are not looked for': onDecisions({
    after: (revision, { row }) =>
      row !== null && revision.row?.rowId === row.rowId && revision.row.modifiedAt === row.modifiedAt
        ? { ...revision, row }
        : revision,
  }),
  'keys of requests are made anew each time': onServer((server) => {
    let made = 0;
    return {
      createAnnotations: (project, specs, key) =>
        server.createAnnotations(project, specs, key && `${key}/${(made += 1)}`),
    };
  }),
  'an edit keeps its first base for ever': onDecisions({
    after: (revision, { edit }) =>
      revision.edit && edit ? { ...revision, edit: { ...revision.edit, base: edit.base } } : revision,
  }),
  'the mark of a patch is not checked': onServer((server) => ({
    patchAnnotation: async (ref, mark, changes) => {
      const { version, elementalId } = ref;
      const query: MarkQuery = {
        projectId: 1,
        kind: 'localization',
        version,
        elementalIds: [elementalId],
        allMarks: false,
        limit: 9,
      };
      const now = await server.readMarks(query);
      const newest = now.ok ? now.value[0]?.mark : undefined;
      const answer = await server.patchAnnotation(ref, newest ?? mark, changes);
      return answer.ok ? { ok: true, value: { ...answer.value, mark: mark + 1 } } : answer;
    },
  })),
  'rows that vanished on the server are never looked for': onStorage(() => ({ marksOf: async () => [] })),
  'the oldest edit in the queue is never sent': onStorage((storage) => ({
    outbox: async (project) => (await storage.outbox(project)).slice(1),
  })),
  'states are never sent': onStorage((storage) => ({
    outbox: async (project) =>
      (await storage.outbox(project)).filter(({ edit }) => edit?.ref.kind !== 'state'),
  })),
  'the engine works once and never again': (() => {
    const begun = new WeakSet<object>();
    return {
      round: async (loop) => {
        if (begun.has(loop)) return;
        begun.add(loop);
        await loop.round();
      },
    };
  })(),
};

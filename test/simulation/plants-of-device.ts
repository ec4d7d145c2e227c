import { onDecisions, onDevice, onStorage, replacing, type Plant } from './planting.ts';

/* Bugs in what the engine decides, in what is stored, and in when it works. */

const decisions: Readonly<Record<string, Plant>> = {
  'an answer that was lost is taken as a refusal before the request': {
    by: 'nothing is carried out twice',
    bug: {
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
  },
  'attempts are not written down': {
    by: 'nothing is carried out twice',
    bug: onDecisions({ after: ({ attempt: _attempt, ...revision }) => revision }),
  },
  'what a create has left out is taken as stored': {
    by: 'no acknowledged edit is lost',
    bug: onDecisions({
      after: (revision, { attempt }) =>
        attempt?.intent === 'create' && revision.edit?.status.kind === 'parked'
          ? { ...revision, edit: null }
          : revision,
    }),
  },
  'a track is deleted with its members in it': {
    by: 'nothing goes with a deleted track',
    bug: onStorage(() => ({ typesKeepingMembers: async () => new Set([7]) })),
  },
  'what was on its way is guessed after a loss of the database': {
    by: 'nothing that was taken back stands',
    from: 5900,
    bug: onDecisions({
      before: (state) => {
        const { edit, attempt } = state;
        if (edit === null || attempt?.recorded !== true || attempt.intent !== 'patch') return state;
        const { recorded: _recorded, ...guess } = attempt;
        return { ...state, attempt: { ...guess, sent: edit.changes } };
      },
    }),
  },
  'conflicts are not listed': {
    by: 'no foreign clobber',
    bug: onDecisions({ after: (revision) => ({ ...revision, conflicts: [] }) }),
  },
  'a conflict is decided for the server': {
    by: 'no acknowledged edit is lost',
    bug: onDecisions({
      after: (revision) =>
        (revision.conflicts?.length ?? 0) > 0 ? { ...revision, edit: null, conflicts: [] } : revision,
    }),
  },
  'edits are dropped instead of parked': {
    by: 'no acknowledged edit is lost',
    bug: onDecisions({
      after: (revision) => (revision.edit?.status.kind === 'parked' ? { ...revision, edit: null } : revision),
    }),
  },
  'what the server tells is not kept': {
    by: 'all converge',
    bug: onDecisions({
      after: (revision, state) => (state.edit === null ? { ...revision, row: state.row } : revision),
    }),
  },
  'changes of content that move no clock are not looked for': {
    by: 'all converge',
    bug: onDecisions({
      after: (revision, { row }) =>
        row !== null && revision.row?.rowId === row.rowId && revision.row.modifiedAt === row.modifiedAt
          ? { ...revision, row }
          : revision,
    }),
  },
  'an edit keeps its first base for ever': {
    by: 'progress',
    bug: onDecisions({
      after: (revision, { edit }) =>
        revision.edit && edit ? { ...revision, edit: { ...revision.edit, base: edit.base } } : revision,
    }),
  },
};

const queue: Readonly<Record<string, Plant>> = {
  'rows that vanished on the server are never looked for': {
    by: 'all converge',
    bug: onStorage(() => ({ marksOf: async () => [] })),
  },
  'the oldest edit in the queue is never sent': {
    by: 'progress',
    bug: onStorage((storage) => ({ outbox: async (project) => (await storage.outbox(project)).slice(1) })),
  },
  'states are never sent': {
    by: 'progress',
    bug: onStorage((storage) => ({
      outbox: async (project) =>
        (await storage.outbox(project)).filter(({ edit }) => edit?.ref.kind !== 'state'),
    })),
  },
  'what waits for a permission is never tried again': {
    by: 'progress',
    bug: onStorage((storage) => ({
      outbox: async (project) =>
        (await storage.outbox(project)).filter(({ edit }) => edit?.status.kind !== 'waiting'),
    })),
  },
  'a project that is not listed is emptied': {
    by: 'a hidden project is kept',
    bug: onStorage((storage, device) => ({
      saveProjects: async (projects) => {
        await storage.saveProjects(projects);
        if (projects.length > 0) return;
        const rows = [...(await device.states()).values()].flatMap(({ row }) => row ?? []);
        const places = rows
          .filter(({ ref }) => ref.kind !== 'media')
          .map(({ ref, media }) => ({ ref, media }));
        await storage.revise(places, (states) => states.map(() => ({ row: null })));
      },
    })),
  },
  'the engine works once and never again': {
    by: 'progress',
    bug: (() => {
      const begun = new WeakSet<object>();
      return {
        round: async (loop) => {
          if (begun.has(loop)) return;
          begun.add(loop);
          await loop.round();
        },
      };
    })(),
  },
};

const commands: Readonly<Record<string, Plant>> = {
  'a command counts as saved before it is stored': {
    by: 'no acknowledged edit is lost',
    bug: onDevice((device) => ({
      apply: async (command, now, fate) => {
        await device.apply(command, now, fate === 'saved' ? 'torn-recorder' : fate);
        return fate !== 'refused';
      },
    })),
  },
  'a command counts as saved before the recorder has it': {
    by: 'no acknowledged edit is lost',
    bug: onDevice((device) => ({
      apply: (command, now, fate) => device.apply(command, now, fate === 'saved' ? 'torn-database' : fate),
    })),
  },
  'a refused command is stored all the same': {
    by: 'a refused edit leaves nothing',
    bug: onDevice((device) => ({
      apply: async (command, now, fate) =>
        (await device.apply(command, now, fate === 'refused' ? 'saved' : fate)) && fate !== 'refused',
    })),
  },
  'a refused command is done by the next start': {
    by: 'no acknowledged edit is lost',
    bug: onDevice((device) => ({
      apply: async (command, now, fate) =>
        (await device.apply(command, now, fate === 'unheard' ? 'torn-recorder' : fate)) && fate !== 'unheard',
    })),
  },
  'one undo takes two steps back': {
    by: 'undo valid',
    bug: onDevice((device) => ({
      undo: async (media, now) => {
        const entry = await device.undo(media, now);
        await device.undo(media, now);
        return entry;
      },
    })),
  },
};

export const plantsOfDevice = { ...decisions, ...queue, ...commands };

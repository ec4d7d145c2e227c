import type {
  Answer,
  EntityState,
  Revision,
  ServerPort,
  ServerRow,
  SyncStorage,
} from '../../src/sync/ports.ts';
import type { EntityRef } from '../../src/domain/identity.ts';
import type { SimulatedDevice } from './device.ts';
import { digesting, listed } from './tator-port.ts';
import type { Planted } from './world.ts';

/** A known bug of engines like this one, and the invariant that it breaks. */
export interface Plant {
  /** The name of the checker that has to catch it. */
  by: string;
  bug: Planted;
  /** The first seed to look at, where it shows in one of thousands only. */
  from?: number;
}

/** A port whose listed methods differ; the rest stays as it is. */
export function replacing<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get: (object, name) => {
      const value: unknown = Reflect.get(name in methods ? methods : object, name);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}

type Methods<T> = (target: T) => Partial<T>;

export const onServer = (methods: Methods<ServerPort>): Planted => ({
  wrapServer: (server) => {
    const own = methods(server);
    // An audit reads the same lists by another name.
    const { readMarks } = own;
    if (readMarks === undefined) return replacing(server, own);
    const readMarksUnless = digesting(readMarks);
    // Rows that are told otherwise have other prints.
    const relisted: ServerPort['readMarks'] = async (query) => {
      const answer = await readMarks(query);
      return answer.ok ? { ok: true, value: answer.value.map(listed) } : answer;
    };
    return replacing(server, { readMarksUnless, ...own, readMarks: relisted });
  },
});

export const onStorage = (
  methods: (storage: SyncStorage, device: SimulatedDevice) => Partial<SyncStorage>,
): Planted => ({
  wrapStorage: (storage, device) => replacing(storage, methods(storage, device)),
});

export const onDevice = (methods: Methods<SimulatedDevice>): Planted => ({
  wrapDevice: (device) => replacing(device, methods(device)),
});

/** Changes what the engine decides, or what it is told before it does. */
export const onDecisions = ({
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

export function isLost(answer: Answer<unknown>): boolean {
  return !answer.ok && answer.failure.kind === 'unknown-outcome';
}

/** A failure of some kind, where it is not the loss of the link: then all works, only later. */
export function isRefused(answer: Answer<unknown>): boolean {
  return !answer.ok && (answer.failure.kind === 'rejected' || answer.failure.kind === 'forbidden');
}

/** The current row of an element, as the server tells it. */
export async function currentRow(server: ServerPort, ref: EntityRef): Promise<ServerRow | null> {
  const { version, elementalId } = ref;
  const kind = ref.kind === 'state' ? 'state' : 'localization';
  const read = await server.readMarks({
    ...{ projectId: 1, kind, version, elementalIds: [elementalId] },
    ...{ allMarks: false, limit: 9 },
  });
  return read.ok ? (read.value[0] ?? null) : null;
}

import type { JobNode } from '../../db/schema-work.ts';

/** Ends of a step, as Argo names them. */
export type Phase = 'Succeeded' | 'Failed' | 'Error' | 'Skipped' | 'Omitted';

/** Characters of a run's output that are kept: its end. */
const LONGEST_LOG = 200_000;

/** What clients see of a run: its steps and what they say. Tells `onChange` of every change. */
export class RunRecord {
  readonly #uid: string;
  readonly #now: () => number;
  readonly #secrets: readonly string[];
  readonly #onChange: () => void;
  #nodes: readonly JobNode[] = [];
  #log = '';

  constructor(options: {
    uid: string;
    now: () => number;
    onChange: () => void;
    /** Never kept, whatever says them: members who may only look read the log. */
    secrets: readonly string[];
  }) {
    this.#uid = options.uid;
    this.#now = options.now;
    this.#secrets = options.secrets;
    this.#onChange = options.onChange;
  }

  get nodes(): readonly JobNode[] {
    return this.#nodes;
  }

  get log(): string {
    return this.#log;
  }

  /** A step that waits to begin, or is over without having begun. @returns its id */
  add(
    task: string,
    parents: readonly string[],
    status: 'Pending' | 'Skipped' | 'Omitted' = 'Pending',
  ): string {
    const id = `${this.#uid}-${this.#nodes.length}`;
    const node: JobNode = { id, children: [], task, status, start_time: null, stop_time: null };
    const linked = this.#nodes.map((other) =>
      parents.includes(other.id) ? { ...other, children: [...other.children, id] } : other,
    );
    this.#nodes = [...linked, node];
    this.#onChange();
    return id;
  }

  begin(id: string): void {
    this.#change(id, { status: 'Running', start_time: this.#time() });
  }

  end(id: string, status: Phase): void {
    this.#change(id, { status, stop_time: this.#time() });
  }

  say(text: string): void {
    const clean = text.replaceAll('\0', '');
    // A secret may come in two pieces, so the end of what was there is looked at again.
    const overlap = Math.max(0, ...this.#secrets.map(({ length }) => length));
    const at = Math.max(0, this.#log.length - overlap);
    this.#log = (this.#log.slice(0, at) + this.masked(this.#log.slice(at) + clean)).slice(-LONGEST_LOG);
    this.#onChange();
  }

  masked(text: string): string {
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }

  #change(id: string, changes: Partial<JobNode>): void {
    this.#nodes = this.#nodes.map((node) => (node.id === id ? { ...node, ...changes } : node));
    this.#onChange();
  }
}

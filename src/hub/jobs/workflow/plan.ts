import type { Condition } from './condition.ts';

/** A workflow as the local runner understands it: everything in it is honoured. */
export interface Plan {
  entrypoint: string;
  onExit: string | undefined;
  templates: ReadonlyMap<string, Template>;
  /** Declared parameters of the workflow, under those that the job gives. */
  parameters: Readonly<Record<string, string>>;
  /** Seconds for the whole of it. */
  deadline: number | undefined;
  /** Commands that run side by side at most. */
  parallelism: number | undefined;
  volumes: Volumes;
  /** What the manifest asks for and has no effect here, for the log. */
  idle: readonly string[];
}

export interface Volumes {
  /** Shared by all steps of a run. */
  claims: readonly string[];
  /** Empty folders, new for every container. */
  scratch: readonly string[];
}

export interface Template {
  name: string;
  inputs: readonly Input[];
  outputs: readonly Output[];
  retry: Retry | undefined;
  /** Seconds. */
  deadline: number | undefined;
  parallelism: number | undefined;
  body: Leaf | StepsBody | DagBody;
}

export interface Input {
  name: string;
  /** What it has when a step gives nothing. */
  fallback: string | undefined;
  /** The values that it may have; none: any. */
  oneOf: readonly string[];
}

/** `path`: a file that the leaf leaves behind. `parameter`: text with the names of inner outputs. */
export interface Output {
  name: string;
  path: string | undefined;
  parameter: string | undefined;
  fallback: string | undefined;
}

export interface Retry {
  limit: number;
  on: { failure: boolean; error: boolean };
  /** Seconds before the first repetition. */
  wait: number;
  factor: number;
  /** No repetition begins later than so many seconds after the first start. */
  within: number | undefined;
}

/** One command or container. All texts may hold `{{names}}`. */
export interface Leaf {
  kind: 'leaf';
  /** Absent: a plain command of this machine. */
  image: string | undefined;
  pull: 'always' | 'missing' | 'never' | undefined;
  command: readonly string[];
  args: readonly string[];
  /** Text of a file whose path becomes the last word of the command. */
  source: string | undefined;
  env: readonly (readonly [string, string])[];
  workingDir: string | undefined;
  mounts: readonly Mount[];
  scratch: readonly string[];
  limits: Limits;
}

export interface Mount {
  volume: string;
  path: string;
  readOnly: boolean;
}

export interface Limits {
  /** Cores. */
  cpu?: number | undefined;
  /** Bytes. */
  memory?: number | undefined;
  gpus?: number | undefined;
}

export interface StepsBody {
  kind: 'steps';
  /** One after the other; the tasks of a group run side by side. */
  groups: readonly (readonly Task[])[];
}

export interface DagBody {
  kind: 'dag';
  tasks: readonly DagTask[];
  /** After a failure begin only what handles it. */
  failFast: boolean;
}

export interface Task {
  name: string;
  template: string;
  given: readonly (readonly [string, string])[];
  when: Condition | undefined;
  /** Runs once for each. */
  items: { list: readonly unknown[] } | { param: string } | undefined;
  /** Go on as if it had succeeded. */
  continueOn: { failed: boolean; error: boolean };
}

export interface DagTask extends Task {
  /** The tasks that must have ended. */
  after: readonly string[];
  /** Over their phases; absent: all of `after` succeeded. */
  depends: Condition | undefined;
}

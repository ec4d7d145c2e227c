import type { Operation, Reply } from '../../src/contract/operation.ts';
import type { QueryParam } from '../../src/contract/param.ts';
import { exceptions } from '../../src/contract/exceptions.ts';
import { flatten, type Plain, type Member } from './flatten.ts';

/** Comparison of the table with a file of facts about the interface: names, places, types. */

export interface FactParam {
  name: string;
  in: 'path' | 'query';
  required: boolean;
  schema: Plain;
  explode?: boolean;
}

export interface FactOperation {
  method: string;
  path: string;
  seed?: boolean;
  parameters: FactParam[];
  body?: { required: boolean; schema: Plain };
  responses: Record<string, { contentTypes?: string[] | null; schema?: Plain | null }>;
}

export interface Facts {
  operations: Record<string, FactOperation>;
  schemas: Record<string, Plain>;
}

export interface Difference {
  /** Such as `get_media.query.presigned` or `create_user.responses`. */
  at: string;
  ours: string;
  theirs: string;
}

export interface Tally {
  same: number;
  all: number;
}

export interface Comparison {
  counts: Record<'seeds' | 'byElementalId' | 'others' | 'parameters' | 'fields', Tally>;
  differences: Difference[];
  /** How many differences the exceptions explain. */
  excepted: number;
  /** Exceptions that explain nothing any more. */
  stale: string[];
}

export function compareContract(table: readonly Operation[], facts: Facts): Comparison {
  const ours = new Map(table.map((operation) => [operation.name, operation]));
  const parameters: Check[] = [];
  const fields: Check[] = [];
  const found: Check[] = [];
  for (const [name, fact] of Object.entries(facts.operations)) {
    const operation = ours.get(name);
    found.push(
      check(name, operation && `${operation.method} ${operation.path} seed ${operation.seed}`, headOf(fact)),
    );
    if (operation === undefined) continue;
    parameters.push(...compareParams(operation, fact));
    fields.push(
      ...compareBody(operation, fact, facts.schemas),
      ...compareReplies(operation, fact, facts.schemas),
    );
  }
  for (const name of ours.keys()) {
    if (!Object.hasOwn(facts.operations, name)) found.push(check(name, 'present', undefined));
  }
  return summary(facts, found, parameters, fields);
}

interface Check extends Difference {
  equal: boolean;
}

const ABSENT = 'nothing';

function check(at: string, ours: string | undefined, theirs: string | undefined): Check {
  return { at, ours: ours ?? ABSENT, theirs: theirs ?? ABSENT, equal: ours === theirs };
}

function headOf(fact: FactOperation): string {
  return `${fact.method} ${fact.path} seed ${fact.seed ?? false}`;
}

function compareParams(operation: Operation, fact: FactOperation): Check[] {
  const ours = new Map([
    ...Object.entries(operation.pathParams).map(
      ([name, schema]) => [`path.${name}`, `required ${factsOf(schema)}`] as const,
    ),
    ...Object.entries(operation.query).map(([name, param]) => [`query.${name}`, paramFacts(param)] as const),
  ]);
  const theirs = new Map(
    fact.parameters.map((param) => [
      `${param.in}.${param.name}`,
      `${param.required ? 'required' : 'optional'}${styleOf(param)} ${factsOf(param.schema)}`,
    ]),
  );
  return compareMaps(operation.name, ours, theirs);
}

function paramFacts(param: QueryParam): string {
  const style = param.style === 'comma' || param.style === 'repeat' ? ` ${param.style}` : '';
  return `${param.required ? 'required' : 'optional'}${style} ${factsOf(param.schema)}`;
}

function styleOf(param: FactParam): string {
  if (param.schema.type !== 'array') return '';
  return param.explode === false ? ' comma' : ' repeat';
}

function factsOf(schema: object): string {
  return flatten(schema as Plain, {})
    .map(({ path, facts }) => `${path}${facts}`)
    .join(' ');
}

function compareBody(operation: Operation, fact: FactOperation, schemas: Facts['schemas']): Check[] {
  const { body } = operation;
  const head = check(
    `${operation.name}.body`,
    body === null ? undefined : requiredness(body.required),
    fact.body && requiredness(fact.body.required),
  );
  const ours = body === null ? [] : flatten(body.schema as Plain, {});
  const theirs = fact.body === undefined ? [] : flatten(fact.body.schema, schemas);
  return [head, ...compareMembers(`${operation.name}.body`, ours, theirs, memberFacts)];
}

function requiredness(required: boolean): string {
  return required ? 'required' : 'optional';
}

function memberFacts({ facts, required }: Member): string {
  return `${requiredness(required)} ${facts}`;
}

function compareReplies(operation: Operation, fact: FactOperation, schemas: Facts['schemas']): Check[] {
  const at = `${operation.name}.responses`;
  const theirs = Object.entries(fact.responses);
  const head = check(
    at,
    Object.entries(operation.responses)
      .map(([status, reply]) => `${status} ${kindOf(reply)}`)
      .join(', '),
    theirs
      .map(([status, { contentTypes, schema }]) => `${status} ${factKind(status, contentTypes, schema)}`)
      .join(', '),
  );
  const ourSchema = Object.values(operation.responses).find((reply) => reply.kind === 'json');
  const theirSchema = theirs
    .map(([, { schema }]) => schema)
    .find((schema) => schema && schema.format !== 'binary');
  if (ourSchema === undefined || !theirSchema) return [head];
  const ours = flatten(ourSchema.schema as Plain, {});
  // What is required of an answer is our own promise, and null our own tolerance: see `operation.ts`.
  return [
    head,
    ...compareMembers(at, ours, flatten(theirSchema, schemas), ({ facts }) => withoutNull(facts)),
  ];
}

function withoutNull(facts: string): string {
  return facts
    .replace(/ or null\b/g, '')
    .replace(/ default \S+/g, '')
    .replace(/ (min|max)\w* \S+/g, '');
}

function kindOf(reply: Reply): string {
  return reply.kind;
}

function factKind(
  status: string,
  contentTypes: string[] | null | undefined,
  schema: Plain | null | undefined,
): string {
  if (status.startsWith('3')) return 'redirect';
  if (contentTypes?.includes('image/*')) return 'image';
  return schema ? 'json' : 'empty';
}

function compareMembers(
  at: string,
  ours: Member[],
  theirs: Member[],
  describe: (member: Member) => string,
): Check[] {
  const entries = (members: Member[]): Map<string, string> =>
    new Map(members.map((member) => [member.path, describe(member)]));
  return compareMaps(at, entries(ours), entries(theirs));
}

function compareMaps(at: string, ours: Map<string, string>, theirs: Map<string, string>): Check[] {
  const names = [...new Set([...theirs.keys(), ...ours.keys()])];
  return names.map((name) => check(name === '' ? at : `${at}.${name}`, ours.get(name), theirs.get(name)));
}

function summary(facts: Facts, found: Check[], parameters: Check[], fields: Check[]): Comparison {
  const used = new Set<string>();
  const holds = (item: Check): boolean => item.equal || isExcepted(item.at, used);
  const tally = (checks: Check[]): Tally => ({ same: checks.filter(holds).length, all: checks.length });
  const isSeed = ({ at }: Check): boolean => facts.operations[at]?.seed === true;
  const isById = ({ at }: Check): boolean => at.endsWith('_by_elemental_id');
  const counts = {
    seeds: tally(found.filter(isSeed)),
    byElementalId: tally(found.filter((item) => !isSeed(item) && isById(item))),
    others: tally(found.filter((item) => !isSeed(item) && !isById(item))),
    parameters: tally(parameters),
    fields: tally(fields),
  };
  const unequal = [...found, ...parameters, ...fields].filter(({ equal }) => !equal);
  const differences = unequal.filter((item) => !holds(item));
  return {
    counts,
    differences,
    excepted: unequal.length - differences.length,
    stale: exceptions.map(({ at }) => at).filter((at) => !used.has(at)),
  };
}

function isExcepted(at: string, used: Set<string>): boolean {
  const exception = exceptions.find((item) => matches(item.at, at));
  if (exception !== undefined) used.add(exception.at);
  return exception !== undefined;
}

/** `*` stands for any run of characters. */
function matches(pattern: string, at: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`).test(at);
}

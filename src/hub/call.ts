import type { Static, TSchema } from 'typebox';
import type { OperationName, operations } from '../contract/table.ts';
import type { PathParamsOf, pathParamSchemas } from '../contract/operation.ts';
import type { QueryParam } from '../contract/param.ts';
import type { Caller } from './access/access.ts';
import type { ListFormat } from './plugins/list-format.ts';
import type { RawQuery } from './plugins/query-text.ts';

/** Types of a served call, derived from the contract, so that handlers cannot drift from it. */

type Operations = typeof operations;
type SpecOf<Name extends OperationName> = NonNullable<Operations[Name]['~spec']>;

type QueryOf<Spec> = Spec extends { query: infer Query }
  ? {
      [Key in keyof Query]: Query[Key] extends QueryParam<infer Value, infer Required>
        ? Required extends true
          ? Value
          : Value | undefined
        : never;
    }
  : unknown;

type BodyOf<Spec> = Spec extends { body: infer Schema extends TSchema }
  ? Static<Schema>
  : Spec extends { optionalBody: infer Schema extends TSchema }
    ? Static<Schema> | undefined
    : undefined;

type ParamsOf<Spec> = Spec extends { path: infer Path extends string }
  ? { [Key in PathParamsOf<Path>]: Static<(typeof pathParamSchemas)[Key]> }
  : never;

/** A request after authentication and validation. */
export interface Call<Name extends OperationName> {
  readonly caller: Caller;
  readonly params: ParamsOf<SpecOf<Name>>;
  readonly query: QueryOf<SpecOf<Name>>;
  readonly body: BodyOf<SpecOf<Name>>;
  /** `http://host:port` as the client wrote it: the base of URLs given to it. */
  readonly origin: string;
  /** The form in which a list is wanted; only the long lists heed it. */
  readonly format: ListFormat;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parameters as written, for what must be told apart before defaults fill it. */
  readonly rawQuery: RawQuery;
}

/** The same members, each of which may also be there and undefined. */
export type Loose<T> = { [Key in keyof T]?: T[Key] | undefined };

/** What a handler answers. */
export type Answer =
  | { kind: 'json'; status: number; body: unknown }
  /** A list, sent as it is read; `gzip` as the original does for GET, whatever the client accepts. */
  | { kind: 'rows'; rows: AsyncIterable<unknown[]>; gzip: boolean; form: ListForm }
  | { kind: 'bytes'; contentType: string; bytes: Buffer; headers?: Readonly<Record<string, string>> }
  /** A status with headers alone, such as 304 for a picture that the client already has. */
  | { kind: 'empty'; status: number; headers: Readonly<Record<string, string>> }
  | { kind: 'redirect'; location: string };

export type ListForm = { name: 'json' } | { name: 'jsonl' } | { name: 'csv'; columns: string[] };

export type Handler<Name extends OperationName> = (call: Call<Name>) => Promise<Answer>;

/** Puts a handler behind an operation of the contract. */
export type Serve = <Name extends OperationName>(name: Name, handler: Handler<Name>) => void;

export function ok(body: unknown): Answer {
  return { kind: 'json', status: 200, body };
}

export function created(body: unknown): Answer {
  return { kind: 'json', status: 201, body };
}

export function redirectTo(location: string): Answer {
  return { kind: 'redirect', location };
}

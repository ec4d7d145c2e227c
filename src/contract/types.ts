import type { TSchema } from 'typebox';
import type { NamedOperation, OperationSpec, PathParamsOf, pathParamSchemas } from './operation.ts';
import type { QueryParam, QueryParams } from './param.ts';
import type { Value } from './shapes/values.ts';
import type { OperationName, Operations } from './table.ts';

/** The types of a call, made from the table. Nothing here is written down a second time. */

type SpecOf<Name extends OperationName> =
  Operations[Name] extends NamedOperation<string, infer Spec> ? Spec : never;

type Flat<T> = { [Key in keyof T]: T[Key] };

type PathArgs<Path extends string> = {
  [Name in PathParamsOf<Path>]: Value<(typeof pathParamSchemas)[Name]>;
};

type NeededKeys<Query extends QueryParams> = {
  [Key in keyof Query]: Query[Key] extends QueryParam<unknown, true> ? Key : never;
}[keyof Query];

type ValueOf<Param> = Param extends QueryParam<infer Value> ? Value : never;

type QueryArgs<Query extends QueryParams> = {
  [Key in NeededKeys<Query>]: ValueOf<Query[Key]>;
} & {
  [Key in Exclude<keyof Query, NeededKeys<Query>>]?: ValueOf<Query[Key]>;
};

type BodyArgs<Spec extends OperationSpec> = Spec extends { readonly body: infer Schema extends TSchema }
  ? { body: Value<Schema> }
  : Spec extends { readonly optionalBody: infer Schema extends TSchema }
    ? { body?: Value<Schema> }
    : unknown;

type QueryOf<Spec extends OperationSpec> = Spec extends { readonly query: infer Query extends QueryParams }
  ? QueryArgs<Query>
  : unknown;

/** Path and query parameters by name, and `body`, in one flat object. */
export type ArgsOf<Name extends OperationName> = Flat<
  PathArgs<SpecOf<Name>['path']> & QueryOf<SpecOf<Name>> & BodyArgs<SpecOf<Name>>
>;

/** The body of a call, `never` where there is none. */
export type BodyOf<Name extends OperationName> = ArgsOf<Name> extends { body?: infer Body } ? Body : never;

type ValueOfReply<Reply> = Reply extends { readonly kind: 'image' }
  ? Uint8Array
  : Reply extends { readonly kind: 'redirect' }
    ? { location: string }
    : Reply extends { readonly kind: 'empty' }
      ? null
      : Reply extends TSchema
        ? Value<Reply>
        : never;

/**
 * What a call resolves to. Servers differ and add members; a member that is not optional here is one
 * that every Tator server sends, unless `fields` asked for less.
 */
export type ReplyOf<Name extends OperationName> = ValueOfReply<
  SpecOf<Name>['responses'][keyof SpecOf<Name>['responses']]
>;

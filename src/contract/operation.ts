import Type, { type TSchema } from 'typebox';
import type { QueryParams } from './param.ts';
import { Id, Text } from './shapes/values.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What the caller must be. Project levels are cumulative, in this order. */
export type Permission =
  /** Needs no token. */
  | 'anyone'
  | 'signed-in'
  /** Of the project, on any level (`View Only`). */
  | 'member'
  | 'can-edit'
  | 'can-transfer'
  | 'can-execute'
  | 'full-control'
  /** Who made the project. */
  | 'creator'
  | 'organization-member'
  | 'organization-admin'
  /** The user concerned, or staff. */
  | 'self-or-staff'
  /** The user concerned, staff, or somebody who shares a project. */
  | 'self-staff-or-colleague'
  | 'staff'
  /** Full rights on the row that the protection is about. */
  | 'controls-target';

/** A successful answer. */
export type Reply =
  | { readonly kind: 'json'; readonly schema: TSchema }
  /** Bytes of a picture or a short film. */
  | { readonly kind: 'image' }
  /** An answer whose value is its `Location`. */
  | { readonly kind: 'redirect' }
  /** Nothing worth reading. */
  | { readonly kind: 'empty' };

export const image = { kind: 'image' } as const;
export const redirect = { kind: 'redirect' } as const;
export const empty = { kind: 'empty' } as const;

/** One operation as its family file writes it down. */
export interface OperationSpec {
  readonly method: Method;
  /** Path parameters stand in braces; their types follow from their names (`pathParamSchemas`). */
  readonly path: `/rest/${string}`;
  readonly query?: QueryParams;
  /** Schema of the JSON body that must be sent. */
  readonly body?: TSchema;
  /** Schema of a JSON body that may be sent. */
  readonly optionalBody?: TSchema;
  /** By status; a bare schema is a JSON answer. */
  readonly responses: Readonly<Record<number, TSchema | Exclude<Reply, { kind: 'json' }>>>;
  readonly permission: Permission;
  /** One sentence: what it is for. */
  readonly summary: string;
  /**
   * On a call that edits or deletes whatever its filters select: the parameters, and `body.` members,
   * of which one at least must be given, or it would select everything.
   */
  readonly narrowedBy?: readonly string[];
  /** False on the few that the reference document does not list. */
  readonly seed?: false;
}

/** One operation of the finished table. */
export interface Operation {
  /** Snake case, exactly as in the reference document. */
  readonly name: string;
  readonly method: Method;
  readonly path: `/rest/${string}`;
  readonly pathParams: Readonly<Record<string, TSchema>>;
  readonly query: QueryParams;
  readonly body: { readonly schema: TSchema; readonly required: boolean } | null;
  readonly responses: Readonly<Record<number, Reply>>;
  readonly permission: Permission;
  readonly summary: string;
  readonly narrowedBy: readonly string[];
  readonly seed: boolean;
}

/** Every name that occurs in a path. `version` stands with `elemental_id`; `uid` is a job's. */
export const pathParamSchemas = {
  id: Id,
  project: Id,
  organization: Id,
  version: Id,
  elemental_id: Text,
  uid: Text,
  ancestor: Text,
} as const;

export type PathParamName = keyof typeof pathParamSchemas;

/** The names in the braces of a path. */
export type PathParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Extract<Name, PathParamName> | PathParamsOf<Rest>
  : never;

/** An operation as data, with what is known of it kept in `Spec` for the types made from it. */
export type NamedOperation<
  Name extends string = string,
  Spec extends OperationSpec = OperationSpec,
> = Operation & {
  readonly name: Name;
  /** Types only, never there at run time. */
  readonly '~spec'?: Spec;
};

/** The operations of one family, by name. */
export function family<const Specs extends Record<string, OperationSpec>>(
  specs: Specs,
): { readonly [Name in keyof Specs & string]: NamedOperation<Name, Specs[Name]> } {
  const entries = Object.entries(specs).map(([name, spec]) => [name, operation(name, spec)]);
  return Object.fromEntries(entries) as { [Name in keyof Specs & string]: NamedOperation<Name, Specs[Name]> };
}

function operation(name: string, spec: OperationSpec): Operation {
  return {
    name,
    method: spec.method,
    path: spec.path,
    pathParams: pathParamsOf(spec.path),
    query: spec.query ?? {},
    body: bodyOf(spec),
    responses: Object.fromEntries(
      Object.entries(spec.responses).map(([status, reply]) => [
        status,
        isMarker(reply) ? reply : jsonReply(reply),
      ]),
    ),
    permission: spec.permission,
    summary: spec.summary,
    narrowedBy: spec.narrowedBy ?? [],
    seed: spec.seed ?? true,
  };
}

function bodyOf(spec: OperationSpec): Operation['body'] {
  if (spec.body !== undefined) return { schema: spec.body, required: true };
  if (spec.optionalBody !== undefined) return { schema: spec.optionalBody, required: false };
  return null;
}

function jsonReply(schema: TSchema): Reply {
  return { kind: 'json', schema };
}

function isMarker(reply: TSchema | Reply): reply is Exclude<Reply, { kind: 'json' }> {
  return reply === image || reply === redirect || reply === empty;
}

/** The parameters in a path template, in their order. */
export function pathParamNames(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
}

function pathParamsOf(path: string): Record<string, TSchema> {
  const schemas: Readonly<Record<string, TSchema>> = pathParamSchemas;
  return Object.fromEntries(pathParamNames(path).map((name) => [name, schemas[name] ?? Type.Never()]));
}

/**
 * Whether sending it twice does no more than sending it once: reads, and the PUTs that are reads
 * with a body. Everything else is never repeated without looking first.
 */
export function isRepeatable(operation: Operation): boolean {
  return operation.method === 'GET' || (operation.method === 'PUT' && operation.name.startsWith('get_'));
}

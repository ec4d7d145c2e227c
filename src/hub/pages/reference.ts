import { groupBy } from '../../base/group.ts';
import { html, type Html, type HtmlValue } from './html.ts';
import type { Page } from './page.ts';

/** What is read of an OpenAPI document; it is the hub's own. */
export interface ApiDocument {
  info: { version: string };
  paths: Record<string, Record<string, ApiOperation>>;
  components: { schemas: Record<string, Schema> };
}

interface ApiOperation {
  operationId: string;
  summary: string;
  tags: string[];
  parameters: { name: string; in: string; required: boolean; description?: string; schema: Schema }[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, { $ref?: string; description?: string; content?: Content }>;
  'x-permission': string;
}

type Content = Record<string, { schema?: Schema }>;

/** JSON Schema as the contract writes it. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  description?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  patternProperties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
}

interface Listed extends ApiOperation {
  method: string;
  path: string;
}

/** The pages of the reference: a list of all operations, one page for each, one for each named schema. */
export class Reference {
  readonly #operations: ReadonlyMap<string, Listed>;
  readonly #document: ApiDocument;

  constructor(document: ApiDocument) {
    this.#document = document;
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        method: method.toUpperCase(),
        path,
      })),
    );
    this.#operations = new Map(listed.map((operation) => [operation.operationId, operation]));
  }

  index(origin: string): Page {
    const families = groupBy([...this.#operations.values()], ({ tags }) => tags[0] ?? '');
    const names = [...families.keys()].sort((a, b) => a.localeCompare(b));
    const body = html`<h1>REST API</h1>
      <p>
        ${this.#operations.size} operations, the same as those of Tator, version
        ${this.#document.info.version} of the hub. Its clients work here, <code>tator</code> for Python among
        them. The whole contract as OpenAPI 3.1: <a href="/schema">/schema</a>.
      </p>
      <p>Sign in for a token, and send it with each request:</p>
      <pre>
curl -X POST ${origin}/rest/Token -H 'Content-Type: application/json' \\
     -d '{"username": "…", "password": "…"}'
curl ${origin}/rest/Projects -H 'Authorization: Token …'</pre>
      <ul class="families">
        ${names.map((name) => html`<li><a href="#${name}">${name}</a></li>`)}
      </ul>
      ${names.map((name) => family(name, families.get(name) ?? []))}`;
    return { title: 'REST API', body };
  }

  operation(id: string): Page | undefined {
    const operation = this.#operations.get(id);
    if (!operation) return undefined;
    const { method, path, summary, parameters, requestBody, responses } = operation;
    const body = html`<p class="soft"><a href="/docs#${operation.tags[0]}">${operation.tags[0]}</a></p>
      <h1>${id}</h1>
      <p>${summary}</p>
      <pre><span class="method">${method}</span> ${path}</pre>
      <p class="soft">Needs: ${permissionText(operation['x-permission'])}</p>
      ${
        parameters.length > 0
          ? html`<h2>Parameters</h2>
              ${rows(parameters.map(parameterRow))}`
          : undefined
      }
      ${
        requestBody
          ? html`<h2>Body${requestBody.required ? '' : ' (optional)'}</h2>
              ${this.#content(requestBody.content)}`
          : undefined
      }
      <h2>Answers</h2>
      ${rows(
        Object.entries(responses).map(
          ([status, answer]) =>
            html`<tr>
              <td><code>${status}</code></td>
              <td>
                ${answer.$ref ? refused(answer.$ref) : [answer.description, this.#content(answer.content ?? {})]}
              </td>
            </tr>`,
        ),
      )}`;
    return { title: id, body };
  }

  schema(name: string): Page | undefined {
    const schema = Object.hasOwn(this.#document.components.schemas, name)
      ? this.#document.components.schemas[name]
      : undefined;
    if (!schema) return undefined;
    const users = [...this.#operations.values()].filter((operation) =>
      JSON.stringify(operation).includes(`"#/components/schemas/${name}"`),
    );
    const body = html`<p class="soft"><a href="/docs">REST API</a></p>
      <h1>${name}</h1>
      ${schema.description ? html`<p>${schema.description}</p>` : undefined} ${shape(schema)}
      ${
        users.length > 0
          ? html`<h2>Used by</h2>
              ${rows(users.map(operationRow))}`
          : undefined
      }`;
    return { title: name, body };
  }

  #content(content: Content): HtmlValue {
    return Object.entries(content).map(([type, { schema }]) =>
      schema
        ? html`<p class="soft">${type}</p>
            ${shape(schema)}`
        : html`<p class="soft">${type}</p>`,
    );
  }
}

function family(name: string, operations: readonly Listed[]): Html {
  return html`<h2 id="${name}">${name}</h2>
    ${rows(operations.map(operationRow))}`;
}

function operationRow({ operationId, method, path, summary }: Listed): Html {
  return html`<tr>
    <td><span class="method">${method}</span></td>
    <td>
      <a href="/docs/operations/${operationId}">${operationId}</a><br /><code class="soft">${path}</code>
    </td>
    <td>${summary}</td>
  </tr>`;
}

function parameterRow({
  name,
  in: place,
  required,
  description,
  schema,
}: ApiOperation['parameters'][number]): Html {
  return html`<tr>
    <td><code>${name}</code><br /><span class="soft">${place}${required ? ', required' : ''}</span></td>
    <td>${typeText(schema)}${description ? html`<br />${description}` : undefined}</td>
  </tr>`;
}

function rows(list: readonly Html[]): Html {
  return html`<div class="scroll">
    <table>
      ${list}
    </table>
  </div>`;
}

/** Where a shared refusal is explained: its name says enough. */
function refused(reference: string): string {
  const name = reference.split('/').at(-1) ?? '';
  if (name === 'BadRequest') return 'Refused: bad values, or no valid token. The message says which.';
  return name === 'Forbidden' ? 'The caller lacks the permission.' : 'There is no such thing.';
}

function permissionText(permission: string): string {
  return permission === 'anyone' ? 'nothing, not even a token' : permission.replaceAll('-', ' ');
}

/** A schema in full: the members of an object in a table, anything else in a line. */
function shape(schema: Schema): Html {
  const { properties } = schema;
  if (!properties) return html`<p>${typeText(schema)}</p>`;
  const required = new Set(schema.required);
  return rows(
    Object.entries(properties).map(
      ([name, member]) =>
        html`<tr>
          <td>
            <code>${name}</code
            >${required.has(name) ? html`<br /><span class="soft">required</span>` : undefined}
          </td>
          <td>
            ${typeText(member)}${member.description ? html`<br />${member.description}` : undefined}
            ${member.properties ? shape(member) : undefined}
          </td>
        </tr>`,
    ),
  );
}

function typeText(schema: Schema): HtmlValue {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return html`<a href="/docs/schemas/${name}">${name}</a>`;
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return joined(choices.map(typeText), ' or ');
  if (schema.allOf) return joined(schema.allOf.map(typeText), ' and ');
  if (schema.enum) return joined(schema.enum.map(valueText), ', ');
  if (schema.const !== undefined) return valueText(schema.const);
  const limits = limitsOf(schema);
  if (schema.items) return [html`list of ${typeText(schema.items)}`, limits];
  const type = schema.type ?? (schema.patternProperties ? 'object' : 'any value');
  return [typeof type === 'string' ? type : type.join(' or '), limits];
}

function joined(parts: readonly HtmlValue[], between: string): HtmlValue {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [between, part]));
}

function valueText(value: unknown): Html {
  return html`<code>${JSON.stringify(value)}</code>`;
}

function limitsOf(schema: Schema): Html | undefined {
  const { format, minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  const parts = [
    format,
    minimum === undefined ? undefined : `at least ${minimum}`,
    maximum === undefined ? undefined : `at most ${maximum}`,
    minLength === undefined ? undefined : `${minLength} characters or more`,
    maxLength === undefined ? undefined : `${maxLength} characters or fewer`,
    minItems === undefined ? undefined : `${minItems} or more`,
    maxItems === undefined ? undefined : `${maxItems} or fewer`,
    schema.default === undefined ? undefined : `default ${JSON.stringify(schema.default)}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : html`<span class="soft"> (${parts.join(', ')})</span>`;
}

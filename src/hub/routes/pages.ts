import type { FastifyInstance, FastifyReply } from 'fastify';
import type { HubDeps } from '../deps.ts';
import { html, type Html } from '../pages/html.ts';
import { sendPage } from '../pages/page.ts';
import { Reference, type ApiDocument } from '../pages/reference.ts';

const FORM_LIMIT = 64 * 1024;

type Fields = Readonly<Record<string, string>>;

/** For people with a browser: the reference at `/docs`, and the forms that links in mails lead to. */
export function pageRoutes(
  app: FastifyInstance,
  { settings }: HubDeps,
  document: Record<string, unknown>,
): void {
  const reference = new Reference(document as unknown as ApiDocument);
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_LIMIT },
    (_request, text, done) => done(null, Object.fromEntries(new URLSearchParams(text))),
  );

  for (const url of ['/docs', '/docs/']) {
    app.get(url, async (request, reply) =>
      sendPage(reply, reference.index(settings.publicUrl ?? `${request.protocol}://${request.host}`)),
    );
  }
  app.get<{ Params: { name: string } }>('/docs/operations/:name', async (request, reply) =>
    sendFound(reply, reference.operation(request.params.name)),
  );
  app.get<{ Params: { name: string } }>('/docs/schemas/:name', async (request, reply) =>
    sendFound(reply, reference.schema(request.params.name)),
  );

  app.get<{ Querystring: Fields }>('/registration', async ({ query }, reply) =>
    sendForm(reply, 'Create your account', registrationForm(query)),
  );
  app.post<{ Body: Fields }>('/registration', async ({ body }, reply) => {
    const { repeated, ...fields } = body;
    const wrong = repeated === fields['password'] ? undefined : 'The two passwords differ.';
    const user = { first_name: '', last_name: '', ...fields };
    const failure = wrong ?? (await refusalOf('POST', '/rest/Users', user));
    if (failure !== undefined)
      return sendForm(reply, 'Create your account', registrationForm(body, failure), 400);
    return sendForm(reply, 'Welcome aboard', done(`The account "${fields['username'] ?? ''}" is ready.`));
  });

  app.get<{ Querystring: Fields }>('/password-reset', async ({ query }, reply) =>
    sendForm(reply, 'Choose a new password', resetForm(query)),
  );
  app.post<{ Body: Fields }>('/password-reset', async ({ body }, reply) => {
    const { repeated, user = '', password, reset_token } = body;
    const wrong = repeated === password ? undefined : 'The two passwords differ.';
    const path = `/rest/User/${encodeURIComponent(user)}`;
    const failure = wrong ?? (await refusalOf('PATCH', path, { password, reset_token }));
    if (failure !== undefined) return sendForm(reply, 'Choose a new password', resetForm(body, failure), 400);
    return sendForm(reply, 'Done', done('Your password is changed, and earlier sign-ins have ended.'));
  });

  /** Through the operation itself, so that the form knows no rule of its own; its message where it refuses. */
  async function refusalOf(
    method: 'POST' | 'PATCH',
    url: string,
    payload: object,
  ): Promise<string | undefined> {
    const answer = await app.inject({ method, url, payload });
    if (answer.statusCode < 300) return undefined;
    const { message } = answer.json<{ message?: string }>();
    return message ?? 'The hub refused this.';
  }
}

function sendFound(reply: FastifyReply, page: ReturnType<Reference['operation']>): FastifyReply {
  if (page) return sendPage(reply, page);
  const body = html`<h1>Not found</h1>
    <p>There is no such page. <a href="/docs">All operations</a></p>`;
  return sendPage(reply, { title: 'Not found', body }, 404);
}

/** A form holds a token: it is kept by no cache. */
function sendForm(reply: FastifyReply, title: string, content: Html, status = 200): FastifyReply {
  reply.header('cache-control', 'no-store');
  const body = html`<div class="card">
    <h1>${title}</h1>
    ${content}
  </div>`;
  return sendPage(reply, { title, narrow: true, body }, status);
}

function done(text: string): Html {
  return html`<p class="good">${text}</p>
    <p>
      Sign in with it in Tidemark: open the settings, choose this server, and enter your name and password.
    </p>`;
}

function problem(failure: string | undefined): Html | undefined {
  return failure === undefined ? undefined : html`<p class="bad" role="alert">${failure}</p>`;
}

function registrationForm(given: Fields, failure?: string): Html {
  const value = (name: string): string => given[name] ?? '';
  return html`${problem(failure)}
    <form method="post" action="/registration">
      <input type="hidden" name="registration_token" value="${value('registration_token')}" />
      <label
        >E-mail<input name="email" type="email" required autocomplete="email" value="${value('email')}"
      /></label>
      <label
        >User name<input name="username" required autocomplete="username" value="${value('username')}"
      /></label>
      <label
        >First name<input name="first_name" autocomplete="given-name" value="${value('first_name')}"
      /></label>
      <label
        >Last name<input name="last_name" autocomplete="family-name" value="${value('last_name')}"
      /></label>
      ${passwords()}
      <button>Create account</button>
    </form>`;
}

function resetForm(given: Fields, failure?: string): Html {
  return html`${problem(failure)}
    <form method="post" action="/password-reset">
      <input type="hidden" name="reset_token" value="${given['reset_token'] ?? ''}" />
      <input type="hidden" name="user" value="${given['user'] ?? ''}" />
      ${passwords()}
      <button>Set password</button>
    </form>`;
}

function passwords(): Html {
  return html`<label
      >Password, 8 characters or more<input
        name="password"
        type="password"
        required
        minlength="8"
        autocomplete="new-password"
    /></label>
    <label
      >The same again<input
        name="repeated"
        type="password"
        required
        minlength="8"
        autocomplete="new-password"
    /></label>`;
}

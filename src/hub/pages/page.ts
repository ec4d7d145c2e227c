import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { html, type Html } from './html.ts';

/** The one style sheet of the hub's pages; plain, and dark where the reader's system is. */
const style = `
:root { color-scheme: light dark; --bg: #f6f8f9; --card: #fff; --text: #17242b; --soft: #52656e; --line: #d8e0e4;
  --accent: #0b6e83; --on-accent: #fff; --bad: #a3261d; --good: #1c6b3c; --code: #eef2f4; }
@media (prefers-color-scheme: dark) { :root { --bg: #0f171b; --card: #172127; --text: #e4ecef; --soft: #9db0b9;
  --line: #2b3a42; --accent: #4fb8cf; --on-accent: #06191e; --bad: #ff8d83; --good: #7ed6a0; --code: #1f2b32; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.5rem 5rem; }
main.narrow { max-width: 27rem; padding-top: 12vh; }
header { border-bottom: 1px solid var(--line); background: var(--card); padding: .75rem 1.5rem; display: flex;
  gap: 1.5rem; align-items: baseline; }
header a { color: var(--text); text-decoration: none; font-weight: 600; }
header span { color: var(--soft); }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: 0 0 .75rem; }
a { color: var(--accent); }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .5rem .9rem; border-top: 1px solid var(--line); }
tr:first-child > td, tr:first-child > th { border-top: 0; }
th { font-weight: 600; color: var(--soft); font-size: .85rem; }
td table td { padding: .3rem .6rem; }
code, pre { font: .87em/1.5 ui-monospace, monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--code); padding: .9rem 1rem; border-radius: 8px; overflow-x: auto; }
.method { display: inline-block; min-width: 3.6rem; font: 600 .75rem/1.6 ui-monospace, monospace; color: var(--accent); }
.families { columns: 14rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.families li { margin-bottom: .2rem; }
label { display: block; margin: 0 0 .9rem; font-size: .9rem; color: var(--soft); }
input { display: block; width: 100%; margin-top: .25rem; padding: .55rem .7rem; font: inherit; color: var(--text);
  background: var(--bg); border: 1px solid var(--line); border-radius: 7px; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
button { width: 100%; padding: .65rem; border: 0; border-radius: 7px; background: var(--accent); color: var(--on-accent);
  font: 600 1rem system-ui, sans-serif; cursor: pointer; }
.bad { color: var(--bad); }
.good { color: var(--good); }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

export interface Page {
  title: string;
  /** Narrow pages hold one form. */
  narrow?: boolean;
  body: Html;
}

/** Answers with a page that runs no script, loads nothing, and hands its own address to nobody. */
export function sendPage(
  reply: FastifyReply,
  { title, narrow = false, body }: Page,
  status = 200,
): FastifyReply {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Tidemark hub</title>
        ${styleElement}
      </head>
      <body>
        <header>
          <a href="/docs">Tidemark hub</a><span>${narrow ? '' : 'Reference of the REST API'}</span>
        </header>
        <main class="${narrow ? 'narrow' : ''}">${body}</main>
      </body>
    </html>`;
  return reply
    .status(status)
    .type('text/html; charset=utf-8')
    .header(
      'content-security-policy',
      `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    )
    .header('referrer-policy', 'no-referrer')
    .header('x-content-type-options', 'nosniff')
    .send(page.toString());
}

/** As it is, since its text is what the policy names; it comes from this file alone. */
const styleElement = html([`<style>${style}</style>`] as unknown as TemplateStringsArray);

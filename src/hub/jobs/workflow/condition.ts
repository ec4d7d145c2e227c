import { badRequest } from '../../errors.ts';

/*
 * The conditions of a workflow: `when` of a step, `depends` of a task.
 *
 *     or      = and { "||" and }
 *     and     = not { "&&" not }
 *     not     = "!" not | "(" or ")" | compare
 *     compare = operand [ ("==" | "!=" | "<=" | ">=" | "<" | ">") operand ]
 *
 * An operand is a word or a quoted text, and may hold `{{names}}`. They are filled after the condition
 * was read, so that no value can become a part of its grammar.
 */
export type Condition =
  | { kind: 'or' | 'and'; left: Condition; right: Condition }
  | { kind: 'not'; of: Condition }
  | { kind: 'compare'; operator: string; left: string; right: string }
  | { kind: 'word'; text: string };

const token = /\s*(\|\||&&|==|!=|<=|>=|[!<>()]|'[^']*'|"[^"]*"|(?:\{\{[^{}]*\}\}|[^\s!<>()=&|'"{}])+)/y;
const comparisons = ['==', '!=', '<=', '>=', '<', '>'];

/** @throws HubError 400 for what is no such condition */
export function readCondition(text: string, where: string): Condition {
  const tokens = tokensOf(text);
  let at = 0;
  const fail = (): never => {
    throw badRequest(`The condition "${text}" of ${where} cannot be read.`);
  };
  if (tokens === undefined) return fail();
  const takes = (wanted: string): boolean => tokens[at] === wanted && ++at > 0;
  const operand = (): string => {
    const word = tokens[at++];
    return word === undefined || /^(\|\||&&|[=!<>()].*)$/.test(word)
      ? fail()
      : word.replace(/^(['"])(.*)\1$/s, '$2');
  };
  const not = (): Condition => {
    if (takes('!')) return { kind: 'not', of: not() };
    if (takes('(')) {
      const inner = or();
      return takes(')') ? inner : fail();
    }
    const left = operand();
    const operator = tokens[at] ?? '';
    if (!comparisons.includes(operator)) return { kind: 'word', text: left };
    at++;
    return { kind: 'compare', operator, left, right: operand() };
  };
  const and = (): Condition => {
    let left = not();
    while (takes('&&')) left = { kind: 'and', left, right: not() };
    return left;
  };
  const or = (): Condition => {
    let left = and();
    while (takes('||')) left = { kind: 'or', left, right: and() };
    return left;
  };
  const condition = or();
  return at === tokens.length ? condition : fail();
}

function tokensOf(text: string): string[] | undefined {
  const found: string[] = [];
  const end = text.trimEnd().length;
  token.lastIndex = 0;
  while (token.lastIndex < end) {
    const match = token.exec(text);
    if (!match) return undefined;
    found.push(match[1] ?? '');
  }
  return found;
}

/** How the words of a condition are understood. */
export interface Reading {
  value(text: string): string;
  truth(text: string): boolean;
}

export function holds(condition: Condition, reading: Reading): boolean {
  switch (condition.kind) {
    case 'or':
      return holds(condition.left, reading) || holds(condition.right, reading);
    case 'and':
      return holds(condition.left, reading) && holds(condition.right, reading);
    case 'not':
      return !holds(condition.of, reading);
    case 'compare':
      return compare(condition.operator, reading.value(condition.left), reading.value(condition.right));
    case 'word':
      return reading.truth(condition.text);
  }
}

/** Numbers are compared as numbers, all else as text. */
function compare(operator: string, left: string, right: string): boolean {
  const numbers = [left, right].map((text) => (text.trim() === '' ? NaN : Number(text)));
  const [a, b] = numbers.some(Number.isNaN) ? [left, right] : (numbers as [number, number]);
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    default:
      return a >= b;
  }
}

/** All operands of a condition. */
export function wordsOf(condition: Condition): string[] {
  switch (condition.kind) {
    case 'not':
      return wordsOf(condition.of);
    case 'word':
      return [condition.text];
    case 'compare':
      return [condition.left, condition.right];
    default:
      return [...wordsOf(condition.left), ...wordsOf(condition.right)];
  }
}

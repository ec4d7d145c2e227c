import Type from 'typebox';
import { errorCatalogue, type ErrorCode } from './errors.ts';

/** A failure as it crosses the border to a page. */
export const FaultSchema = Type.Object({
  code: Type.Unsafe<ErrorCode>(Type.Enum(Object.keys(errorCatalogue) as ErrorCode[])),
  message: Type.String(),
  detail: Type.Optional(Type.String()),
  status: Type.Optional(Type.Integer()),
});

/** It waits for the network or the next retry; what is there is kept. */
export const HeldState = Type.Object({
  kind: Type.Literal('held'),
  fault: FaultSchema,
  /** Local ms; null: when the network, the sign-in or the switch comes back. */
  retryAt: Type.Union([Type.Number(), Type.Null()]),
});

/** It cannot go on; `kept` says what is still there, `remedy` what the user can do. */
export const FailedState = Type.Object({
  kind: Type.Literal('failed'),
  fault: FaultSchema,
  kept: Type.String(),
  remedy: Type.String(),
});

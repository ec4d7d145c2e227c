import Type from 'typebox';
import { errorCatalogue, type ErrorCode } from './errors.ts';

/** A failure as it crosses the border to a page. */
export const FaultSchema = Type.Object({
  code: Type.Unsafe<ErrorCode>(Type.Enum(Object.keys(errorCatalogue) as ErrorCode[])),
  message: Type.String(),
  detail: Type.Optional(Type.String()),
  status: Type.Optional(Type.Integer()),
});

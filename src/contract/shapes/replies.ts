import Type from 'typebox';
import { AnyObject, Id, Text, optional } from './values.ts';

/** What the server answers when it has nothing else to say. `message` is for people. */
export const MessageReply = Type.Object({ message: Text });

const NewId = Type.Union([Id, Text]);

/** One thing was made; its row id, or the uid of a job. */
export const CreateReply = Type.Object({ message: Text, id: NewId, ...optional({ object: AnyObject }) });

/** Some things were made; their row ids in the order of the request. */
export const CreateListReply = Type.Object({
  message: Text,
  id: Type.Array(NewId),
  ...optional({ object: Type.Array(AnyObject) }),
});

/** A tombstone was written; its row id. */
export const TombstoneReply = Type.Object({ message: Text, ...optional({ id: Id }) });

/** Body of every 400: the server's catch-all. */
export const BadRequestReply = Type.Object({ message: Text, ...optional({ details: Text }) });

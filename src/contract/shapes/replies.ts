import Type from 'typebox';
import { AnyObject, Id, Text, optional, anyOf, object } from './values.ts';

/** What the server answers when it has nothing else to say. `message` is for people. */
export const MessageReply = object({ message: Text });

const NewId = anyOf(Id, Text);

/** One thing was made; its row id, or the uid of a job. */
export const CreateReply = object({ message: Text, id: NewId, ...optional({ object: AnyObject }) });

/** Some things were made; their row ids in the order of the request. */
export const CreateListReply = object({
  message: Text,
  id: Type.Array(NewId),
  ...optional({ object: Type.Array(AnyObject) }),
});

/** A tombstone was written; its row id. */
export const TombstoneReply = object({ message: Text, ...optional({ id: Id }) });

/** Body of every 400: the server's catch-all. */
export const BadRequestReply = object({ message: Text, ...optional({ details: Text }) });

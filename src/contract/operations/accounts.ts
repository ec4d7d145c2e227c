import Type from 'typebox';
import { empty, family } from '../operation.ts';
import { may } from '../param.ts';
import * as shape from '../shapes/accounts.ts';
import { EmailSpec, NotifySpec } from '../shapes/jobs.ts';
import { CreateReply, MessageReply } from '../shapes/replies.ts';
import { Id, PresignSeconds, Text, Truth, choice } from '../shapes/values.ts';

/** One of these says which user is meant. */
const whichUser = { username: may(Text), email: may(Text), elemental_id: may(Text) };

/** Turns the avatar's key into a URL that lives so many seconds. */
const avatar = { presigned: may(PresignSeconds) };

export const accountOperations = family({
  create_obtain_auth_token: {
    method: 'POST',
    path: '/rest/Token',
    body: shape.Credentials,
    responses: { 201: shape.Token },
    permission: 'anyone',
    summary: 'Signs in with a user name and a password and answers the token for all other calls.',
  },
  whoami: {
    method: 'GET',
    path: '/rest/User/GetCurrent',
    query: avatar,
    responses: { 200: shape.User },
    permission: 'signed-in',
    summary: 'Reads the user that the token belongs to.',
  },
  get_user: {
    method: 'GET',
    path: '/rest/User/{id}',
    query: avatar,
    responses: { 200: shape.User },
    permission: 'self-staff-or-colleague',
    summary: 'Reads one user.',
  },
  update_user: {
    method: 'PATCH',
    path: '/rest/User/{id}',
    query: avatar,
    body: shape.UserUpdate,
    responses: { 200: MessageReply },
    permission: 'self-or-staff',
    summary: "Changes a user's name, address, profile or, with a reset token, the password.",
  },
  user_exists: {
    method: 'GET',
    path: '/rest/User/Exists',
    query: whichUser,
    responses: { 200: Truth },
    permission: 'anyone',
    summary: 'Says whether such a user exists.',
  },
  get_user_list: {
    method: 'GET',
    path: '/rest/Users',
    query: { ...whichUser, ...avatar },
    responses: { 200: Type.Array(shape.User) },
    permission: 'signed-in',
    summary: 'Finds users by name, address or elemental id, one of which is needed.',
  },
  create_user: {
    method: 'POST',
    path: '/rest/Users',
    body: shape.UserSpec,
    responses: { 201: CreateReply },
    permission: 'anyone',
    summary: 'Registers a user, with an invitation or where anonymous registration is on.',
  },
  create_password_reset: {
    method: 'POST',
    path: '/rest/PasswordReset',
    body: shape.PasswordReset,
    responses: { 201: MessageReply },
    permission: 'anyone',
    summary: 'Mails a link to set a new password.',
  },
  get_announcement_list: {
    method: 'GET',
    path: '/rest/Announcements',
    responses: { 200: Type.Array(shape.Announcement) },
    permission: 'signed-in',
    summary: 'Lists the announcements that the caller has not dismissed.',
  },
  delete_announcement: {
    method: 'DELETE',
    path: '/rest/Announcement/{id}',
    responses: { 200: MessageReply },
    permission: 'signed-in',
    summary: 'Dismisses an announcement for the caller.',
  },
  get_change_log_list: {
    method: 'GET',
    path: '/rest/ChangeLog/{project}',
    query: {
      user_id: may(Id),
      entity_id: may(Id),
      entity_type: may(choice(['media', 'localization', 'state', 'leaf'])),
    },
    responses: { 200: Type.Array(shape.ChangeLogEntry) },
    permission: 'member',
    summary: 'Lists recorded changes by entity or user; ordinary edits of annotations leave none.',
  },
  send_email: {
    method: 'POST',
    path: '/rest/Email/{project}',
    body: EmailSpec,
    responses: { 201: MessageReply },
    permission: 'can-execute',
    summary: 'Mails members of the project.',
  },
  notify: {
    method: 'POST',
    path: '/rest/Notify',
    body: NotifySpec,
    responses: { 200: empty },
    permission: 'signed-in',
    summary: 'Sends a message to the administrators of the server; 503 where no way is set up.',
  },
});

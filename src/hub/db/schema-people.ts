import type { ColumnType, Generated } from 'kysely';

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type Maybe<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface Invitations {
  id: Generated<number>;
  organization_id: number;
  email: string;
  permission: 'Member' | 'Admin';
  /** That it has expired is seen from its age. */
  status: Generated<'Pending' | 'Accepted'>;
  registration_token: string;
  created_by_id: Maybe<number>;
  created_datetime: Timestamp;
}

export interface PasswordResets {
  digest: string;
  user_id: number;
  created: Timestamp;
}

export interface Announcements {
  id: Generated<number>;
  markdown: string;
  created_datetime: Timestamp;
  eol_datetime: Timestamp;
}

export interface AnnouncementDismissals {
  announcement: number;
  user_id: number;
}

export interface UserGroups {
  id: Generated<number>;
  organization: number;
  name: string;
}

export interface GroupMembers {
  group_id: number;
  user_id: number;
}

export interface RowProtections {
  id: Generated<number>;
  target_kind: string;
  target_id: number;
  user_id: Maybe<number>;
  organization_id: Maybe<number>;
  group_id: Maybe<number>;
  /** A bit mask, which PostgreSQL's driver reads as text: bytes for up to three levels below. */
  permission: ColumnType<string, number, number>;
  created_by: Maybe<number>;
  created_datetime: Timestamp;
}

/** The tables of people, their groups and their rights. */
export interface PeopleSchema {
  invitations: Invitations;
  password_resets: PasswordResets;
  announcements: Announcements;
  announcement_dismissals: AnnouncementDismissals;
  user_groups: UserGroups;
  group_members: GroupMembers;
  row_protections: RowProtections;
}

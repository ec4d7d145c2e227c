/** Where an invited person registers. */
export function registrationPath(token: string, email: string): string {
  return `/registration?${new URLSearchParams({ registration_token: token, email }).toString()}`;
}

/** Where a new password is set. */
export function passwordResetPath(token: string, user: number): string {
  return `/password-reset?${new URLSearchParams({ reset_token: token, user: String(user) }).toString()}`;
}

/** Text as UTF-8 in base64, the same in browsers and in Node. */
export function toBase64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The text again, or null where it is not base64 of UTF-8. Takes the URL-safe alphabet too. */
export function fromBase64(encoded: string): string | null {
  try {
    // In a query, an unescaped plus sign arrives as a space.
    const binary = atob(encoded.replaceAll(' ', '+').replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

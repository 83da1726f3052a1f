/** Port: cheap digests, computed at once. Passwords go through port/password-hasher.ts instead. */

export interface Digests {
  sha256(data: Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
}

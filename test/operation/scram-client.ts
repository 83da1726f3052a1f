/** The client's side of SCRAM-SHA-256, and keys of a password, by Node's crypto alone: what tests hold against the server. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

const hmac = (key: Uint8Array, data: string): Buffer => createHmac('sha256', key).update(data).digest();
const salteds = new Map<string, Buffer>();

function salted(password: string, salt: Uint8Array, iterations: number): Buffer {
  const key = `${password} ${Buffer.from(salt).toString('hex')} ${iterations}`;
  const known = salteds.get(key) ?? pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  salteds.set(key, known);
  return known;
}

/** A value of userPassword. */
export function scramValue(password: string, salt: Uint8Array, iterations = 4096): string {
  const key = salted(password, salt, iterations);
  const storedKey = createHash('sha256').update(hmac(key, 'Client Key')).digest('base64');
  const serverKey = hmac(key, 'Server Key').toString('base64');
  return `{SCRAM-SHA-256}${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${serverKey}`;
}

/** What the server says first. */
export function readServerFirst(text: string): { nonce: string; salt: string; iterations: number } {
  const found = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(text);
  if (found === null) throw new Error(`no server-first-message: ${text}`);
  return { nonce: found[1] ?? '', salt: found[2] ?? '', iterations: Number(found[3]) };
}

/** The last message, and what the server must answer it with. `bare`: the first message without its header. */
export function lastMessage(
  password: string,
  header: string,
  bare: string,
  serverFirst: string,
  channel: Uint8Array = Buffer.alloc(0),
): { readonly message: string; readonly answer: string } {
  const { nonce, salt, iterations } = readServerFirst(serverFirst);
  const key = salted(password, Buffer.from(salt, 'base64'), iterations);
  const clientKey = hmac(key, 'Client Key');
  const storedKey = createHash('sha256').update(clientKey).digest();
  const bound = Buffer.concat([Buffer.from(header), channel]).toString('base64');
  const unproved = `c=${bound},r=${nonce}`;
  const signed = `${bare},${serverFirst},${unproved}`;
  const signature = hmac(storedKey, signed);
  const proof = Buffer.from(clientKey.map((octet, at) => octet ^ (signature[at] ?? 0)));
  const answer = `v=${hmac(hmac(key, 'Server Key'), signed).toString('base64')}`;
  return { message: `${unproved},p=${proof.toString('base64')}`, answer };
}

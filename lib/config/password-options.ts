/** Passwords: how they are kept, and the policy for whom no entry names another: rows of the option table. */
import { flag, integer, type Option, text } from './option.js';
import { dnFault } from './option-faults.js';

/** Rows of the option table (option-table.ts). */
export const PASSWORD_OPTIONS = {
  'passwords.cacheSeconds': integer(
    'Seconds for which a password that was right is not hashed again (a keyed digest of it is kept in memory); 0: every bind hashes.',
    0,
    86_400,
    { preset: 60 },
  ),
  'passwords.scram': flag(
    'Offer SASL SCRAM-SHA-256. Passwords set from then on are stored as its keys instead of as Argon2id hashes; who has an older one comes in as before, and by SCRAM once it is set anew.',
    { preset: false },
  ),
  'passwords.scramIterations': integer(
    'Iterations of PBKDF2 in new keys of SCRAM: what a guess costs who has stolen them, and what a bind costs the client. Cyrus SASL takes part in 65,536 at most.',
    4096,
    2_000_000,
    { preset: 65_536 },
  ),
  'passwords.defaultPolicy': text(
    'DN of the entry of class pwdPolicy that governs the accounts which no other policy governs; none: these have no policy.',
    { reloads: true, check: dnFault },
  ),
  'passwords.netscapeControls': flag(
    'Tell a bind that did not ask by the password policy control by the older controls 2.16.840.1.113730.3.4.4 and 3.4.5 that its password has expired, or soon will; clients that do not know them pass over them.',
    { preset: true, reloads: true },
  ),
} as const satisfies Record<string, Option>;

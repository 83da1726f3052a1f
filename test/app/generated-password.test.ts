/** Passwords that the program makes. */
import t from 'tap';
import { generatedPassword } from '../../lib/app/generated-password.js';

t.test(
  'a generated password is letters and digits: nothing that a command line could read otherwise',
  async (t) => {
    const made = Array.from({ length: 500 }, () => generatedPassword(16));
    for (const password of made) t.match(password, /^[A-Za-z0-9]{16}$/);
    t.equal(new Set(made).size, 500);
  },
);

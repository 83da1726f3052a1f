/** The Python whose modules Debian's packages (python3-ldap, python3-ldap3) install: /usr/bin/python3, which need not be the first on the path. */
import { existsSync } from 'node:fs';

export const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

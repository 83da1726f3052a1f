/** `npm run build`: installs what is missing, compiles what is older than its sources, and makes the program. */
import { ensureBuilt } from './bundle.mjs';
import { ensureInstalled } from './prepare.mjs';

ensureInstalled();
await ensureBuilt();

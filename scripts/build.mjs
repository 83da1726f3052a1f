/** `npm run build`: installs what is missing, makes what is older than its sources, and checks the types. */
import { ensureInstalled } from './prepare.mjs';

ensureInstalled();
const { ensureBuilt, typesHold } = await import('./make.mjs');
await ensureBuilt();
process.exitCode = (await typesHold()) ? 0 : 1;

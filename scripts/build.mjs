/** `npm run build [-- --untyped]`: installs what is missing, makes what is older than its sources, and checks the types unless told not to. Into POLYARCH_BUILD, or build/. */
import { ensureInstalled } from './prepare.mjs';

ensureInstalled();
const { ensureBuilt, typesHold } = await import('./make.mjs');
await ensureBuilt();
process.exitCode = process.argv.includes('--untyped') || (await typesHold()) ? 0 : 1;

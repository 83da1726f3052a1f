/**
 * The first file that Node runs (build/program/main.cjs): runs the program, which the build puts into one file beside it, with V8's record of its compiled functions.
 *
 * Owns that record. It fits one build, one version of V8 and one set of its flags; where there is none that fits, functions are compiled as they are called, and all
 * else is the same. scripts/record-starts.mjs makes records, by POLYARCH_RECORD=1: then what has been compiled so far is written at the end of the process.
 * A digest stands at the record's end, because V8 looks at no octet but the first few: one that the disk lost or altered would end every start with a fault of memory.
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';

/** The file's name, which the build puts here; it holds a digest of what the file says. */
declare const PROGRAM_FILE: string;
/** What the build wraps the program in. */
type Program = (require: NodeJS.Require, url: string) => void;

const DIGEST = 'sha256';
const DIGEST_BYTES = 32;

const file = join(dirname(__filename), PROGRAM_FILE);
const record = `${file}.${cachedDataVersionTag().toString(36)}.record`;
const script = new Script(readFileSync(file, 'latin1'), { filename: file, ...recorded() });
if (process.env.POLYARCH_RECORD === '1') process.once('exit', writeRecord);
// No option of the program, nor of one that it starts.
delete process.env.POLYARCH_RECORD;
(script.runInThisContext() as Program)(createRequire(file), pathToFileURL(file).href);

function recorded(): { cachedData?: Buffer } {
  try {
    const octets = readFileSync(record);
    const end = octets.length - DIGEST_BYTES;
    const cachedData = octets.subarray(0, end);
    return end > 0 && digest(cachedData).equals(octets.subarray(end)) ? { cachedData } : {};
  } catch {
    return {};
  }
}

function digest(octets: Uint8Array): Buffer {
  return createHash(DIGEST).update(octets).digest();
}

/** Written whole or not at all, as others may start meanwhile; for all users of the program, unlike its data. */
function writeRecord(): void {
  process.umask(0o022);
  const whole = `${record}.${process.pid}`;
  const octets = script.createCachedData();
  writeFileSync(whole, Buffer.concat([octets, digest(octets)]));
  renameSync(whole, record);
}

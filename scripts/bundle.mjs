/**
 * Makes the program that bin/polyarch runs: build/program/, a few dozen files in place of some 800 modules of our own and of packages.
 *
 * Reading and linking that many modules was the greater part of every start (measured: `polyarch verify` 0.55 s of processor time before, 0.25 s with the bundle; `start`
 * 1.65 s and 0.95 s). Made straight from the sources, so it needs no compilation and checks no types. Tests and benchmarks of single modules run what tsc compiles.
 * Packages with a compiled part stay outside, as they look for it beside their own files; so do those that are loaded by `import()`: they are seldom needed, and of a package
 * of the older module kind the bundler's `import()` would answer the default export only.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCompiled, filesBelow, modifiedMs, root } from './prepare.mjs';

const OUT = join(root, 'build', 'program');
const MAIN = join(OUT, 'main.js');
/** Files that Node starts: the program, and its threads, which the program names as files beside its own. */
const ENTRIES = ['lib/cli/main.ts', 'lib/app/index-worker.ts', 'lib/io/password-worker.ts'];
const COMPILED = ['classic-level', '@node-rs/argon2'];
const loadedLater = {
  name: 'packages loaded later',
  setup({ onResolve }) {
    onResolve({ filter: /^[^.]/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { external: true } : undefined,
    );
  },
};
/** Packages of the older module kind call `require`, which a module has only when it makes one. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

/** Makes the program anew when a source or a package is newer than it. */
export async function ensureBundled() {
  // The launcher runs what was compiled when that is newer than the program.
  const inputs = ['package-lock.json', 'scripts/bundle.mjs', 'build/.tsbuildinfo'].map((name) =>
    join(root, name),
  );
  inputs.push(...filesBelow(join(root, 'lib')));
  if (modifiedMs(MAIN) >= Math.max(...inputs.map(modifiedMs))) return;
  rmSync(OUT, { recursive: true, force: true });
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    outdir: OUT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: COMPILED,
    plugins: [loadedLater],
    banner: { js: REQUIRE },
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
}

/** Both: what tests and benchmarks need. */
export async function ensureBuilt() {
  ensureCompiled();
  await ensureBundled();
}

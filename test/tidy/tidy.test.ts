/** The house keeps its own rules: house-rules.ts as tests, each failure with what to do instead. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import {
  BANS,
  EMPTY_NAMES,
  ENTRY_POINTS,
  FILE_LINES_MAX,
  FUNCTION_LINES_MAX,
  LARGE_FILES,
  LARGE_FUNCTIONS,
  NOT_IMPORTED,
  PACKAGE_HOMES,
  ROOMS,
  TESTED_ELSEWHERE,
} from './house-rules.js';

interface Source {
  /** Relative to lib, such as `csn/csn.ts`. */
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly ast: ts.SourceFile;
  readonly imports: readonly string[];
}

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

function importsOf(ast: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier !== undefined
    ) {
      if (ts.isStringLiteral(node.moduleSpecifier)) found.push(node.moduleSpecifier.text);
    }
    const called = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const argument = called ? node.arguments[0] : undefined;
    if (argument !== undefined && ts.isStringLiteral(argument)) found.push(argument.text);
    if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      found.push(node.argument.literal.text);
    }
    if (ts.isNewExpression(node) && node.expression.getText(ast) === 'URL') {
      const url = node.arguments?.[0];
      if (url !== undefined && ts.isStringLiteral(url)) found.push(url.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return found;
}

const sources: Source[] = [...walk('lib')]
  .filter((path) => path.endsWith('.ts'))
  .map((full) => {
    const path = full.slice('lib/'.length);
    const text = readFileSync(full, 'utf8');
    const ast = ts.createSourceFile(full, text, ts.ScriptTarget.ES2022, true);
    return { path, room: path.slice(0, path.indexOf('/')), text, ast, imports: importsOf(ast) };
  });
const paths = new Set(sources.map((source) => source.path));

/** Code alone: comments and the insides of strings blanked. */
function codeOf(ast: ts.SourceFile): string {
  const text = ast.text;
  const out = text.split('');
  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [])
      blank(range.pos, range.end);
    for (const range of ts.getTrailingCommentRanges(text, node.getEnd()) ?? []) blank(range.pos, range.end);
    const literal =
      ts.isStringLiteral(node) ||
      ts.isNoSubstitutionTemplateLiteral(node) ||
      node.kind === ts.SyntaxKind.TemplateHead ||
      node.kind === ts.SyntaxKind.TemplateMiddle ||
      node.kind === ts.SyntaxKind.TemplateTail ||
      ts.isRegularExpressionLiteral(node);
    if (literal) blank(node.getStart(ast), node.getEnd());
    ts.forEachChild(node, visit);
  };
  visit(ast);
  for (const range of ts.getLeadingCommentRanges(text, ast.endOfFileToken.getFullStart()) ?? [])
    blank(range.pos, range.end);
  return out.join('');
}

function resolve(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/').replace(/\.js$/, '.ts');
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] as string);
}

t.test('every folder of lib is a room of the house, and every room exists', async (t) => {
  t.same([...new Set(sources.map((source) => source.room))].sort(), [...ROOMS.keys()].sort());
});

t.test(
  'imports follow the table: pure knows pure, engine knows pure and ports, nothing imports app but cli',
  async (t) => {
    for (const source of sources) {
      const room = ROOMS.get(source.room);
      for (const specifier of source.imports.filter((name) => name.startsWith('.'))) {
        const target = resolve(source.path, specifier);
        const other = target.slice(0, target.indexOf('/'));
        if (specifier.endsWith('.js') && !paths.has(target))
          t.fail(`${source.path} imports ${target}, which does not exist`);
        if (other === source.room || other === 'base' || room === undefined || !ROOMS.has(other)) continue;
        const open = room.imports.includes('*') && (other !== 'cli' || source.room === 'cli');
        if (!open && !room.imports.includes(other)) {
          t.fail(
            `${source.path} imports ${other}/: ${source.room} may import base ${room.imports.join(' ')}`,
          );
        }
      }
    }
  },
);

t.test('the import table has one direction: no room reaches itself', async (t) => {
  for (const start of ROOMS.keys()) {
    const reached = new Set<string>();
    const queue = [...(ROOMS.get(start)?.imports ?? [])];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (reached.has(name)) continue;
      reached.add(name);
      queue.push(...(ROOMS.get(name)?.imports ?? []));
    }
    t.notOk(reached.has(start), `${start} reaches itself`);
  }
});

t.test('node: modules stay in the shell, and each npm package has one home', async (t) => {
  for (const source of sources) {
    const band = ROOMS.get(source.room)?.band;
    for (const specifier of source.imports.filter((name) => !name.startsWith('.'))) {
      if (specifier.startsWith('node:')) {
        if (band !== 'shell') t.fail(`${source.path} imports ${specifier}: take a port of lib/port instead`);
        continue;
      }
      const homes = PACKAGE_HOMES.get(packageOf(specifier));
      if (homes === undefined)
        t.fail(`${source.path} imports ${specifier}, which has no home in house-rules.ts`);
      else if (!homes.some((home) => source.path === home || source.path.startsWith(`${home}/`))) {
        t.fail(`${source.path} imports ${specifier}, whose home is lib/${homes.join(', lib/')}`);
      }
    }
  }
});

t.test('each band keeps off what belongs to the world', async (t) => {
  for (const source of sources) {
    const band = ROOMS.get(source.room)?.band;
    if (band === undefined) continue;
    const code = codeOf(source.ast);
    for (const ban of BANS) {
      if (!ban.bands.includes(band)) continue;
      if (ban.except?.some((place) => source.path === place || source.path.startsWith(`${place}/`))) continue;
      const at = code.search(ban.pattern);
      if (at < 0) continue;
      const line = code.slice(0, at).split('\n').length;
      t.fail(`lib/${source.path}:${line} uses ${code.match(ban.pattern)?.[0]}: ${ban.instead}`);
    }
  }
});

t.test('each file opens by saying what it owns, and its name says it too', async (t) => {
  for (const source of sources) {
    if (!/^(#!.*\n)?\/\*\*/.test(source.text)) t.fail(`lib/${source.path} has no header comment`);
    const name = source.path.slice(source.path.lastIndexOf('/') + 1).replace(/\.ts$/, '');
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) t.fail(`lib/${source.path} is not kebab-case`);
    if (EMPTY_NAMES.test(name)) t.fail(`lib/${source.path}: name the noun or verb that it exports`);
  }
});

t.test(`files stay within ${FILE_LINES_MAX} lines; those that grew may only shrink`, async (t) => {
  for (const source of sources) {
    const lines = source.text.split('\n').length - 1;
    const allowed = LARGE_FILES.get(source.path) ?? FILE_LINES_MAX;
    if (lines > allowed)
      t.fail(`lib/${source.path} has ${lines} lines (allowed ${allowed}): split it by reason to change`);
  }
  for (const [path, lines] of LARGE_FILES) {
    const source = sources.find((candidate) => candidate.path === path);
    const now = (source?.text.split('\n').length ?? 0) - 1;
    if (now <= FILE_LINES_MAX) t.fail(`${path} is small now: take it off LARGE_FILES`);
    else if (now < lines - 20) t.fail(`${path} shrank to ${now}: lower its ratchet from ${lines}`);
  }
});

/** Named functions and methods with their line counts. */
function functionsOf(ast: ts.SourceFile): { name: string; lines: number }[] {
  const found: { name: string; lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    const named =
      ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node);
    const assigned =
      (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) && ts.isVariableDeclaration(node.parent);
    if (named || assigned) {
      const start = ast.getLineAndCharacterOfPosition(node.getStart(ast)).line;
      const end = ast.getLineAndCharacterOfPosition(node.getEnd()).line;
      const label = named
        ? node.name?.getText(ast)
        : (node.parent as ts.VariableDeclaration).name.getText(ast);
      found.push({ name: label ?? 'constructor', lines: end - start + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return found;
}

t.test(`functions stay within ${FUNCTION_LINES_MAX} lines; those that grew may only shrink`, async (t) => {
  const seen = new Set<string>();
  for (const source of sources) {
    for (const { name, lines } of functionsOf(source.ast)) {
      const key = `${source.path}#${name}`;
      if (lines > FUNCTION_LINES_MAX) seen.add(key);
      const allowed = LARGE_FUNCTIONS.get(key) ?? FUNCTION_LINES_MAX;
      if (lines > allowed) t.fail(`lib/${source.path}: ${name} has ${lines} lines (allowed ${allowed})`);
    }
  }
  for (const key of LARGE_FUNCTIONS.keys())
    if (!seen.has(key)) t.fail(`${key} is small now: take it off LARGE_FUNCTIONS`);
});

t.test('no file is an orphan: each is imported, or started by name', async (t) => {
  const imported = new Set<string>();
  for (const source of sources) {
    for (const name of source.imports) if (name.startsWith('.')) imported.add(resolve(source.path, name));
  }
  for (const source of sources) {
    const known = ENTRY_POINTS.includes(source.path) || NOT_IMPORTED.has(source.path);
    if (!imported.has(source.path) && !known) t.fail(`nothing imports lib/${source.path}`);
  }
});

/** Whether a file has anything to run: types alone need no test. */
function hasCode(ast: ts.SourceFile): boolean {
  return ast.statements.some(
    (node) =>
      ts.isFunctionDeclaration(node) ||
      (ts.isClassDeclaration(node) && !/extends Error/.test(node.getText(ast))),
  );
}

t.test('every pure file with a rule in it has its test', async (t) => {
  for (const source of sources) {
    if (ROOMS.get(source.room)?.band !== 'pure' || !hasCode(source.ast)) continue;
    const elsewhere = TESTED_ELSEWHERE.get(source.path);
    const test = elsewhere ?? join('test', source.path.replace(/\.ts$/, '.test.ts'));
    if (!existsSync(test)) t.fail(`lib/${source.path} has no ${test}`);
  }
  for (const path of TESTED_ELSEWHERE.keys())
    if (!paths.has(path)) t.fail(`TESTED_ELSEWHERE names ${path}, which is gone`);
});

t.test('ARCHITECTURE.md shows the import table that this test enforces', async (t) => {
  const text = readFileSync('ARCHITECTURE.md', 'utf8');
  for (const [name, { imports }] of ROOMS) {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\``));
    if (row === undefined) {
      t.fail(`ARCHITECTURE.md has no row for ${name}`);
      continue;
    }
    const cells = row.split('|').map((cell) => cell.trim());
    const shown = imports.includes('*')
      ? name === 'app'
        ? 'everything but cli'
        : 'everything'
      : imports.join(' ');
    t.equal(cells[3], shown, `imports of ${name}`);
  }
});

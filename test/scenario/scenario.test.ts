/**
 * The stories of test/scenario/*.txt, each against its expected output. SCENARIO_REWRITE=1 writes what was found instead: commit that only when you understand the difference.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { readStories, runStory } from './scenario.js';

const DIRECTORY = 'test/scenario';

for (const file of readdirSync(DIRECTORY)
  .filter((name) => name.endsWith('.txt'))
  .sort()) {
  t.test(file, async (t) => {
    const path = `${DIRECTORY}/${file}`;
    let text = readFileSync(path, 'utf8');
    for (const story of readStories(text)) {
      const found = await runStory(story);
      if (process.env.SCENARIO_REWRITE === undefined) t.equal(found, story.expected, story.name);
      else {
        const start = text.indexOf('----\n', text.indexOf(`## ${story.name}\n`)) + 5;
        const next = text.indexOf('\n## ', start);
        text = `${text.slice(0, start)}${found}\n${next < 0 ? '' : text.slice(next)}`;
      }
    }
    if (process.env.SCENARIO_REWRITE !== undefined) writeFileSync(path, text);
  });
}

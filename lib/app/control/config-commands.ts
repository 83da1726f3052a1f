/**
 * Requests about options on a running server, before all others; and what a change of indexes, which writes the file itself, means for the options in force.
 */
import { OPTION_KEYS } from '../../config/option-table.js';
import { configLines, parseEdits } from '../config/config-lines.js';
import type { LiveConfiguration } from '../config/live-configuration.js';
import { readIndexLists } from '../data/index-settings.js';
import type { ServerFiles } from '../server-files.js';
import type { ControlHandler } from './control-server.js';

/** A handler that answers requests about options itself and leaves the rest to `others`. */
export function configCommands(
  configuration: LiveConfiguration,
  files: ServerFiles,
  others: ControlHandler,
): ControlHandler {
  return async (request, progress) => {
    switch (request.command) {
      case 'config-get':
        return configLines(configuration.facts(), OPTION_KEYS);
      case 'config-set':
        return await configuration.set('config set', () => parseEdits(request.options));
      case 'config-test':
        return await configuration.test();
      case 'index-add':
      case 'index-drop': {
        const lines = await others(request, progress);
        configuration.noteIndexes(await readIndexLists(files));
        return lines;
      }
      default:
        return await others(request, progress);
    }
  };
}

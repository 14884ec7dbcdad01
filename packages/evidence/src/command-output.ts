/** What the three programs have commander print: its messages quote what was given on the command line. */

import { withoutSecrets } from './masked-text.ts';
import { visibleSentence } from './visible-text.ts';

type Write = (text: string) => void;

/** For commander's `configureOutput`. */
export function commandOutput(writeOut: Write, writeErr: Write) {
  return {
    writeOut,
    writeErr,
    outputError: (text: string, write: Write) => write(errorText(withoutSecrets(text))),
  };
}

/** Of the line feeds of a message only the one before a suggestion is commander's own. */
function errorText(text: string): string {
  const [, sentence = text, suggestion] = /^(.*?)(?:\n(\(Did you mean [^\n]*\)))?\n?$/s.exec(text) ?? [];
  const lines = suggestion === undefined ? [sentence] : [sentence, suggestion];
  return lines.map((line) => `${visibleSentence(line)}\n`).join('');
}

/** What the launcher tells whoever started it: plain lines, coloured where a terminal can show it. */
import path from 'node:path'
import { styleText } from 'node:util'

/** Prints one line. `good` and `bad` are green and red on a terminal that has colours. */
export type Say = (text: string, tone?: 'good' | 'bad') => void

/** @param term the terminal's kind, as TERM names it: `dumb` has no colours */
export function openConsole(out: NodeJS.WriteStream, term: string): Say {
  const coloured = out.isTTY && out.hasColors(8, { TERM: term })
  // A terminal that was closed, or a `head` that has seen enough, is no reason to stop serving.
  out.on('error', () => {})
  return (text, tone) => {
    const styled =
      coloured && tone ? styleText(tone === 'good' ? 'green' : 'red', text, { validateStream: false }) : text
    out.write(`lotan: ${styled}\n`)
  }
}

/** A path as a person would write it here: below the current directory without what leads there. */
export function shown(file: string): string {
  const relative = path.relative('.', file)
  return relative.startsWith('..') ? file : relative
}

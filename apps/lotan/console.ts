/** The launcher's console: plain lines, coloured on a terminal that has colours. */
import path from 'node:path'
import { styleText } from 'node:util'

/** `good` and `bad` are green and red. */
export type Say = (text: string, tone?: 'good' | 'bad') => void

/** @param term the variable TERM: `dumb` has no colours */
export function openConsole(out: NodeJS.WriteStream, term: string): Say {
  const coloured = out.isTTY && out.hasColors(8, { TERM: term })
  // A closed terminal (or a `head` that ended) must not end Lotan.
  out.on('error', () => {})
  return (text, tone) => {
    const styled =
      coloured && tone ? styleText(tone === 'good' ? 'green' : 'red', text, { validateStream: false }) : text
    out.write(`lotan: ${styled}\n`)
  }
}

/** A path relative to the current directory, where it lies below it. */
export function displayPath(file: string): string {
  const relative = path.relative('.', file)
  return relative.startsWith('..') ? file : relative
}

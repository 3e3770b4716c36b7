import path from 'node:path'
import { styleText } from 'node:util'

export type Say = (text: string, tone?: 'good' | 'bad') => void

/** @param term TERM: `dumb` has no colours */
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

export function displayPath(file: string): string {
  const relative = path.relative('.', file)
  return relative.startsWith('..') ? file : relative
}

import path from 'node:path'
import { styleText } from 'node:util'

export type Say = (text: string, tone?: 'good' | 'bad') => void

/** What TERM and NO_COLOR say. */
export interface Colours {
  /** `dumb` has no colours. */
  term: string
  hasColours: boolean
}

export function showsColours(out: NodeJS.WriteStream, { term, hasColours }: Colours): boolean {
  return hasColours && out.isTTY && out.hasColors(8, { TERM: term })
}

export function openConsole(out: NodeJS.WriteStream, colours: Colours): Say {
  const coloured = showsColours(out, colours)
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

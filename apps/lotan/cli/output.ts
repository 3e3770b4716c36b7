/** Standard output: plain in a pipe, coloured and as wide as the terminal on one. */
import { styleText } from 'node:util'
import { showsColours, type Colours } from '../console.ts'

export type Tone = 'good' | 'bad' | 'busy' | 'quiet'

const styles = { good: 'green', bad: 'red', busy: 'yellow', quiet: 'dim' } as const

export interface Output {
  isTerminal: boolean
  /** In columns; Infinity in a pipe. */
  width(): number
  height(): number
  print(text: string): void
  paint(text: string, tone: Tone | undefined): string
  /** Raised when the reader has gone. */
  closed: AbortSignal
}

export function openOutput(stream: NodeJS.WriteStream, colours: Colours): Output {
  const coloured = showsColours(stream, colours)
  const closing = new AbortController()
  stream.on('error', () => closing.abort())
  return {
    isTerminal: stream.isTTY && colours.term !== 'dumb',
    // A terminal that does not tell its width has 0 columns.
    width: () => (stream.isTTY ? stream.columns || 80 : Infinity),
    height: () => (stream.isTTY ? stream.rows || 24 : Infinity),
    print: (text) => void stream.write(text),
    paint: (text, tone) => (coloured && tone ? styleText(styles[tone], text, { validateStream: false }) : text),
    closed: closing.signal,
  }
}

/** How far a preview is that a session waits for: on a terminal one line, redrawn in place; elsewhere a line a stage. */
import type { Say } from '../../console.ts'
import { duration } from '../wait/line.ts'

const DRAW_MS = 200
const CLEAR_TO_END = '\u001b[K'

export interface Progress {
  show(line: string): void
  /** It may show more afterwards. */
  wipe(): void
}

/** @param term TERM: a `dumb` terminal cannot redraw */
export function openProgress(name: string, out: NodeJS.WriteStream, term: string, say: Say): Progress {
  return out.isTTY && term !== 'dumb' ? redrawn(name, out) : inLines(name, say)
}

function redrawn(name: string, out: NodeJS.WriteStream): Progress {
  let began: number | undefined
  let shown = ''
  let drawing: NodeJS.Timeout | undefined
  const draw = () => {
    const line = `${name}  ${shown}  ${duration(performance.now() - (began ?? 0))}`
    // A terminal may wrap a line that reaches its last column. One that does not tell its width has 0 columns.
    out.write(`\r${line.slice(0, (out.columns || 80) - 1)}${CLEAR_TO_END}`)
  }
  return {
    show(line) {
      began ??= performance.now()
      shown = line
      drawing ??= setInterval(draw, DRAW_MS)
      draw()
    },
    wipe() {
      if (began !== undefined) out.write(`\r${CLEAR_TO_END}`)
      clearInterval(drawing)
      began = undefined
      drawing = undefined
    },
  }
}

function inLines(name: string, say: Say): Progress {
  let said = ''
  return {
    show(line) {
      const stage = line.replace(/, \d+ %$/, '')
      if (stage !== said) say(`${name}: ${stage}`)
      said = stage
    },
    wipe() {
      said = ''
    },
  }
}

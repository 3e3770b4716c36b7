/** On a terminal one line, redrawn in place; elsewhere one line for each change of stage. */
import type { PreviewId } from '../../../shared/preview/preview-id.ts'
import type { Say } from '../../console.ts'
import { lineOf, usually } from './line.ts'
import { nothing, words, type Seen } from './seen.ts'

const DRAW_MS = 200
const CLEAR_TO_END = '\u001b[K'

export interface Screen {
  show(seen: Seen): void
  end(): void
}

/** @param term TERM: a `dumb` terminal cannot redraw */
export function openScreen(id: PreviewId, out: NodeJS.WriteStream, term: string, say: Say): Screen {
  return out.isTTY && term !== 'dumb' ? redrawn(id, out) : openLines(id, say)
}

function redrawn(id: PreviewId, out: NodeJS.WriteStream): Screen {
  const began = performance.now()
  let seen = nothing
  const draw = () => {
    // A terminal may wrap a line that reaches its last column. One that does not tell its width has 0 columns.
    const line = lineOf(id, seen, performance.now() - began, (out.columns || 80) - 1)
    out.write(`\r${line}${CLEAR_TO_END}`)
  }
  const drawing = setInterval(draw, DRAW_MS)
  draw()
  return {
    show(now) {
      seen = now
      draw()
    },
    end() {
      clearInterval(drawing)
      out.write(`\r${CLEAR_TO_END}`)
    },
  }
}

export function openLines(id: PreviewId, say: Say): Screen {
  let stage = nothing.stage
  return {
    show(seen) {
      if (seen.stage === stage) return
      const first = stage === nothing.stage
      stage = seen.stage
      say(`${id}: ${words(seen)}${first && seen.usual !== null ? `, usually ${usually(seen.usual)}` : ''}`)
    },
    end() {},
  }
}

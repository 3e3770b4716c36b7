/** Shows how waiting goes on: one line redrawn in place on a terminal, one line a change of stage anywhere else. */
import type { Say } from '../../console.ts'
import { lineOf, usually } from './line.ts'
import { nothing, words, type Seen } from './seen.ts'

/** A second is never skipped on the clock. */
const DRAW_MS = 200
const CLEAR_TO_END = '\u001b[K'

export interface Screen {
  show(seen: Seen): void
  /** Leaves the line empty, for what is said last. */
  end(): void
}

/** @param term the terminal's kind, as TERM names it: on a `dumb` one nothing can be redrawn */
export function openScreen(tag: string, out: NodeJS.WriteStream, term: string, say: Say): Screen {
  return out.isTTY && term !== 'dumb' ? redrawn(tag, out) : logged(tag, say)
}

function redrawn(tag: string, out: NodeJS.WriteStream): Screen {
  const began = performance.now()
  let seen = nothing
  const draw = () => {
    // In its last column a terminal may wrap the line. One that does not say how wide it is has 0 columns.
    const line = lineOf(tag, seen, performance.now() - began, (out.columns || 80) - 1)
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

function logged(tag: string, say: Say): Screen {
  let stage = nothing.stage
  return {
    show(seen) {
      if (seen.stage === stage) return
      const first = stage === nothing.stage
      stage = seen.stage
      say(`${tag}: ${words(seen)}${first && seen.usual !== null ? `, usually ${usually(seen.usual)}` : ''}`)
    },
    end() {},
  }
}

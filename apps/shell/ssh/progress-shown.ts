/** How far a preview is that wakes, for who waits for it. Pure but for what it writes to. */

/** Without a terminal percents alone are no news before so long. */
const PERCENTS_MS = 2_000

export interface ShownProgress {
  say: (line: string) => void
  /** It is up, or will not be. */
  done: () => void
}

/** With a terminal it is one line, written anew; without one, lines. @param name of what wakes */
export function showProgress(
  name: string,
  isTerminal: boolean,
  write: (text: string) => void,
  now: () => number = () => performance.now(),
): ShownProgress {
  let said = ''
  let at = -Infinity
  if (isTerminal)
    return {
      say: (line) => {
        write(`\r\x1b[K${name}: ${line}`)
        said = line
      },
      done: () => void (said !== '' && write('\r\x1b[K')),
    }
  return {
    say: (line) => {
      const kind = line.replace(/\d+/g, '')
      if (kind === said && now() - at < PERCENTS_MS) return
      write(`${name}: ${line}\n`)
      said = kind
      at = now()
    },
    done: () => {},
  }
}

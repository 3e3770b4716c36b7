/** What a program inside says of a file, in words of Lotan's problems. Pure. */
import { NoEntry } from '../no-entry.ts'

/** Exit codes of the scripts here, which busybox's programs do not use. */
export const MISSING = 44
export const NO_FOLDER = 45

/** @param said what the program wrote about it */
export function failureOf(code: number | null, file: string, said: string): NoEntry {
  if (code === MISSING) return new NoEntry('no-such-file', `There is no ${file} in this container.`)
  if (code === NO_FOLDER)
    return new NoEntry('bad-parameter', `path: ${file} is no folder. Name the folder to unpack in.`)
  const [line = ''] = said.trim().split('\n')
  const why = line.replace(/^(\w+: )+/, '').slice(0, 300)
  return new NoEntry('file-refused', `${why || 'The program that does it has ended'}${why.endsWith('.') ? '' : '.'}`)
}

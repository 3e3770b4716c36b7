/** Asks the programs of file-programs.ts, in order. */
import { randomBytes } from 'node:crypto'
import type { Helpers } from '../helper/helpers.ts'
import type { Session } from '../sessions/open-sessions.ts'
import type { Target } from '../target.ts'
import { FileProblem, problemOf } from './file-problem.ts'
import { PROGRAMS } from './file-programs.ts'
import { runInside } from './inside.ts'

export type FileLoop = Awaited<ReturnType<typeof openFileLoop>>

interface Waiting {
  resolve: (answer: Buffer) => void
  reject: (error: FileProblem) => void
}

/** @throws EngineError */
export async function openFileLoop(helpers: Pick<Helpers, 'run'>, target: Target, session: Session) {
  const mark = randomBytes(16).toString('hex')
  const { input, output, errors } = await runInside(helpers, target, session, PROGRAMS)
  const end = Buffer.from(`\n${mark} `)
  const waiting: Waiting[] = []
  let parts: Buffer[] = []
  let isOver = false
  errors?.resume()
  input.on('error', over)
  for (const event of ['end', 'close', 'error']) output.once(event, over)
  output.on('data', (part: Buffer) => {
    parts.push(part)
    // A mark may lie across two parts: the end of what came before is looked at again.
    const tail = parts.length > 1 ? Buffer.concat(parts.slice(-2)) : part
    if (tail.includes(end)) readAnswers()
  })
  input.write(`${mark}\n`)

  function readAnswers() {
    let all = Buffer.concat(parts)
    for (;;) {
      const at = all.indexOf(end)
      const line = at < 0 ? -1 : all.indexOf('\n', at + end.length)
      if (line < 0) break
      const code = Number(all.subarray(at + end.length, line).toString())
      const answer = all.subarray(0, at)
      all = all.subarray(line + 1)
      const asked = waiting.shift()
      if (code === 0) asked?.resolve(answer)
      else asked?.reject(problemOf(answer.toString('utf8')))
    }
    parts = all.length > 0 ? [all] : []
  }

  function over() {
    isOver = true
    for (const { reject } of waiting.splice(0)) reject(new FileProblem('failure', 'The session has ended.'))
  }

  function ask(verb: string, words: (string | number)[], body?: Buffer): Promise<Buffer> {
    if (isOver) return Promise.reject(new FileProblem('failure', 'The session has ended.'))
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject })
      input.write(`${[verb, ...words.map((word) => escaped(String(word)))].join(' ')}\n`)
      if (body) input.write(body)
    })
  }

  return {
    mark,
    /** @param body what the program reads @throws FileProblem */
    ask,
    close: () => void input.end(),
  }
}

/** For `printf %b`. No word is empty. */
export function escaped(word: string): string {
  const plain = /[\w/.,:@+-]/
  return [...Buffer.from(word)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return byte < 0x80 && plain.test(character) ? character : `\\0${byte.toString(8).padStart(3, '0')}`
    })
    .join('')
}

/** One connection of a client's, and all that comes back on it. */
import type { Duplex } from 'node:stream'
import { until } from '../harness/until.ts'

export interface Said {
  status: number
  head: string
  body: string
}

export type Talk = ReturnType<typeof talkOn>

export function talkOn(connection: Duplex) {
  let bytes = ''
  let over = false
  connection.on('data', (piece: Buffer) => (bytes += piece.toString('latin1')))
  connection.on('close', () => (over = true))
  connection.on('error', () => {})
  const methods: string[] = []

  const talk = {
    /** @param head further header lines, each with its line end */
    ask(host: string, path: string, { method = 'GET', head = '', body = '' } = {}) {
      methods.push(method)
      const length = body ? `Content-Length: ${body.length}\r\n` : ''
      connection.write(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${head}${length}\r\n${body}`)
    },
    /** The responses so far, as a strict client parses them, and the rest. */
    read: () => readAnswers(bytes, methods),
    /** So many, or all until the connection ends. */
    answers: (count: number): Promise<Said[]> =>
      until(`${count} answers`, () => {
        const { answers } = talk.read()
        return (answers.length >= count || over) && answers
      }),
    over: () => over,
    end: () => connection.destroy(),
  }
  return talk
}

function readAnswers(bytes: string, methods: string[]): { answers: Said[]; rest: string } {
  const answers: Said[] = []
  let rest = bytes
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3})[ \r]/.exec(rest)?.[1])
    if (end < 0 || !status) return { answers, rest }
    const head = rest.slice(0, end)
    const body = bodyOf(rest.slice(end + 4), head, status, methods[answers.length])
    if (!body) return { answers, rest }
    answers.push({ status, head, body: body.text })
    rest = body.rest
    if (status === 101) return { answers, rest }
  }
}

function bodyOf(from: string, head: string, status: number, method?: string) {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { text: '', rest: from }
  const length = /^content-length: (\d+)/im.exec(head)?.[1]
  if (length !== undefined)
    return from.length < Number(length)
      ? undefined
      : { text: from.slice(0, Number(length)), rest: from.slice(Number(length)) }
  if (!/^transfer-encoding: chunked/im.test(head)) return undefined
  let text = ''
  for (let rest = from; ;) {
    const [line, size] = /^([0-9a-f]+)\r\n/i.exec(rest) ?? []
    if (line === undefined) return undefined
    const count = parseInt(size!, 16)
    const end = line.length + count + 2
    if (rest.length < end) return undefined
    text += rest.slice(line.length, line.length + count)
    rest = rest.slice(end)
    if (count === 0) return { text, rest }
  }
}

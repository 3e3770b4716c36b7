/** Recorded requests of real clients, and what each has to get of a cold preview. */

export interface Client {
  /** What sends it, for the test's name. */
  name: string
  /**
   * `page`: the waiting page at once. `held`: forwarded to the application when that is up. `robot`: a refusal or a
   * small fixed answer, and nothing wakes.
   */
  expect: 'page' | 'held' | 'robot'
  method: string
  path: string
  /** In the client's order and casing. `{host}` stands for the host that is asked. */
  headers: [name: string, value: string][]
  body: string
}

/**
 * Reads requests as they go over the wire, each below a line that names it, `### curl → held`, and perhaps a line of
 * remarks, `# ...`: head, empty line, body. A body whose head says `chunked` is written down plainly.
 *
 * @throws when one is not whole
 */
export function requests(text: string): Client[] {
  return text.split(/^### /m).slice(1).map(read)
}

/** The very bytes that the client sends to a host. */
export function bytesOf({ method, path, headers, body }: Client, host: string): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value.replaceAll('{host}', host)}\r\n`)
  const sent = isChunked(headers) ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${sent}`)
}

function read(text: string): Client {
  const [title = '', ...lines] = text.trimEnd().split('\n')
  const [name = '', expect = ''] = title.split(' → ')
  const [first = '', ...rest] = lines.filter((line) => !line.startsWith('# '))
  const [method = '', path = ''] = first.split(' ')
  const end = rest.includes('') ? rest.indexOf('') : rest.length
  const headers = rest.slice(0, end).map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string])
  const body = rest.slice(end + 1).join('\n')
  const length = Number(headers.find(([name]) => /^content-length$/i.test(name))?.[1] ?? 0)
  if (!isExpectation(expect) || !path.startsWith('/') || (!isChunked(headers) && length !== body.length))
    throw new Error(`the request of ${name} is not whole`)
  return { name, expect, method, path, headers, body }
}

function isExpectation(text: string): text is Client['expect'] {
  return text === 'page' || text === 'held' || text === 'robot'
}

function isChunked(headers: Client['headers']): boolean {
  return headers.some(([name, value]) => /^transfer-encoding$/i.test(name) && value === 'chunked')
}

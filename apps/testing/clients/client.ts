export interface Client {
  name: string
  /**
   * `page`: the waiting page at once. `held`: forwarded once the application is up. `robot`: refused or a fixed answer,
   * and the preview is not woken.
   */
  expect: 'page' | 'held' | 'robot'
  method: string
  path: string
  /** In the client's order and case. `{host}` stands for the requested host. */
  headers: [name: string, value: string][]
  body: string
}

/**
 * Parses recordings: a line `### curl → held`, perhaps one of remarks (`# ...`), then head, empty line, body. A chunked
 * body is written without its framing. @throws when one is incomplete
 */
export function requests(text: string): Client[] {
  return text.split(/^### /m).slice(1).map(read)
}

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

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputOf, withoutQueries } from './output.ts'

const begin = '2026/01/01 00:00:00 [error] 7#7: *1 connect() to unix:desk.sock failed (111: Connection refused) while'

test('no query of a request is left in an error of nginx', () => {
  const cases: [line: string, left: string][] = [
    ['[notice] 1#1: start worker process 7', '[notice] 1#1: start worker process 7'],
    [
      `${begin} connecting to upstream, client: 1.2.3.4, server: x, request: "GET /login?token=SECRET HTTP/1.1", upstream: "http://unix:desk.sock:/login?token=SECRET", host: "x"`,
      `${begin} connecting to upstream, client: 1.2.3.4, server: x, request: "GET /login?… HTTP/1.1", upstream: "http://unix:desk.sock:/login?…", host: "x"`,
    ],
    [
      `${begin} reading, request: "GET /a?b="SECRET"&c HTTP/2.0", subrequest: "/.lotan/lookup/route", upstream: "http://10.0.0.1:80/a?b="SECRET"&c", host: "x", referrer: "http://x/?SECRET"`,
      `${begin} reading, request: "GET /a?… HTTP/2.0", subrequest: "/.lotan/lookup/route", upstream: "http://10.0.0.1:80/a?…", host: "x", referrer: "http://x/?…"`,
    ],
    [`${begin} reading, request: "GET /a?SECRET SECRET`, `${begin} reading, request: "GET /a?…`],
  ]
  for (const [line, left] of cases) {
    assert.equal(withoutQueries(line), left)
    assert.doesNotMatch(left, /SECRET/)
  }
})

test('nginx’s errors are told without queries in files and on the launcher’s own output, others’ lines as they are', () => {
  const config = { dataDir: '/data' }
  const told: string[] = []
  const out = { write: (text: string) => told.push(text) } as unknown as NodeJS.WritableStream
  for (const name of ['nginx', 'router'] as const) {
    const file = outputOf(name, { ...config, logs: 'files' }, out)
    assert.ok('file' in file)
    assert.equal(file.edit?.('"/a?b"'), name === 'nginx' ? '"/a?…"' : undefined)
    const lines = outputOf(name, { ...config, logs: 'stdout' }, out)
    assert.ok('line' in lines)
    lines.line('"/a?b"')
  }
  assert.deepEqual(told, ['nginx: "/a?…"\n', 'router: "/a?b"\n'])
})

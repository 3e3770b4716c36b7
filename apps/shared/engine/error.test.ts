import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineError, engineError } from './error.ts'

/** An error as the engine's client throws it. */
function answered(statusCode: number, message: string) {
  return Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${message} `), {
    statusCode,
    json: { message },
  })
}

const manifest = 'manifest for 127.0.0.1:5000/app:x not found: manifest unknown: manifest unknown'

test('the engine’s words are read as reasons', () => {
  const cases: [error: unknown, doing: Parameters<typeof engineError>[1], code: string][] = [
    [Object.assign(new Error('connect ENOENT'), { code: 'ENOENT' }), 'other', 'engine-down'],
    [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'pull', 'engine-down'],
    [new Error('socket hang up'), 'other', 'engine-down'],
    [answered(404, manifest), 'pull', 'missing'],
    [answered(404, 'repository registry.example.com/x not found: name unknown'), 'pull', 'no-repository'],
    [answered(404, 'repository x not found: does not exist or no pull access'), 'pull', 'no-repository'],
    [
      answered(404, "name unknown: The repository with name 'x' does not exist in the registry with id '1'"),
      'pull',
      'no-repository',
    ],
    [answered(404, 'manifest unknown: Requested image not found'), 'pull', 'missing'],
    [
      answered(500, 'Head "http://127.0.0.1:5000/v2/app/manifests/x": no basic auth credentials'),
      'pull',
      'credentials',
    ],
    [answered(500, 'unauthorized: authentication required'), 'pull', 'credentials'],
    [
      answered(404, "pull access denied for app, repository does not exist or may require 'docker login': denied"),
      'pull',
      'credentials',
    ],
    [
      answered(500, 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'),
      'pull',
      'registry-down',
    ],
    [answered(500, 'dial tcp: lookup registry.example.com: no such host'), 'pull', 'registry-down'],
    [answered(500, 'received unexpected HTTP status: 503 Service Unavailable'), 'pull', 'registry-down'],
    [answered(500, 'Get "https://r/v2/": EOF'), 'pull', 'registry-down'],
    [answered(500, 'failed to register layer: write /x: no space left on device'), 'pull', 'disk-full'],
    [answered(500, 'no matching manifest for linux/amd64 in the manifest list entries'), 'pull', 'bad-image'],
    [answered(500, 'toomanyrequests: You have reached your pull rate limit'), 'pull', 'rate-limited'],
    [answered(500, 'toomanyrequests: Rate exceeded'), 'pull', 'rate-limited'],
    [answered(500, 'received unexpected HTTP status: 429 Too Many Requests'), 'pull', 'rate-limited'],
    [answered(500, 'Get "https://r/v2/": x509: certificate has expired or is not yet valid'), 'pull', 'tls'],
    [answered(500, 'Get "https://r/v2/": http: server gave HTTP response to HTTPS client'), 'pull', 'tls'],
    [answered(500, 'Get "https://r/v2/": tls: first record does not look like a TLS handshake'), 'pull', 'tls'],
    [answered(500, 'Get "https://r/v2/": net/http: TLS handshake timeout'), 'pull', 'registry-down'],
    [answered(500, 'denied: Your authorization token has expired. Reauthenticate'), 'pull', 'token-expired'],
    [answered(409, 'Conflict. The container name "/x" is already in use'), 'create', 'taken'],
    [answered(404, 'No such image: sha256:1234'), 'create', 'missing'],
    [answered(400, 'No command specified'), 'create', 'bad-image'],
    [answered(400, 'exec: "/nope": stat /nope: no such file or directory: unknown'), 'start', 'bad-image'],
    [answered(500, 'exec: "node": executable file not found in $PATH: unknown'), 'start', 'bad-image'],
    [answered(500, 'mkdir /var/lib/docker: no space left on device'), 'start', 'disk-full'],
    [answered(403, 'Address already in use'), 'start', 'occupied'],
    [answered(500, 'Bind for 127.0.0.1:20001 failed: port is already allocated'), 'start', 'occupied'],
    [answered(500, 'listen tcp4 127.0.0.1:20001: bind: address already in use'), 'start', 'occupied'],
    [answered(500, 'cannot join the network of a non running container'), 'start', 'start-failed'],
    [answered(404, 'No such container: abc'), 'other', 'missing'],
  ]
  for (const [error, doing, code] of cases) assert.equal(engineError(error, doing).code, code, String(error))
})

test('an error keeps the engine’s own words, and is wrapped once', () => {
  const error = engineError(answered(404, manifest), 'pull')
  assert.equal(error.message, manifest)
  assert.equal(engineError(error), error)
  assert.ok(error instanceof EngineError)
})

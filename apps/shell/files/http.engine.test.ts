/** Files of previews as tars, on a real engine. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import tar, { type Header } from 'tar-stream'
import { http } from '../../shared/http.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { removeImageByHand } from '../../testing/harness/docker.ts'
import { openHarness, type Harness } from '../harness.ts'
import { BUSYBOX } from '../helper/helpers.ts'
import { serveFiles } from './http.ts'

type Told = Partial<Header> & Pick<Header, 'name'>

describe('files of a preview', { timeout: 120_000 }, () => {
  let registry: Registry
  let harness: Harness
  let socketPath: string
  let image: string
  const server = http.createServer((req, res) => void serveFiles(req, res, harness.context))

  before(async () => {
    registry = await startImageRegistry()
    image = `${registry.repository}-part:1`
    await buildSmall(image, 'part')
    // The application’s user is not root, and has one folder of its own: in memory. Its service has a volume.
    await publishSmall(`${registry.repository}:red`, 'red', {
      scripts: { '/start': 'ln -s /tmp /tmp/link; ln -s /www/index.html /tmp/page; exec httpd -f -p 8080 -h /www' },
      entrypoint: ['/bin/busybox', 'sh', '/start'],
      labels: {
        'lotan.stack': `services:
  app: { user: '1234:1235', tmpfs: /tmp }
  db: { image: '${image}', volumes: [data:/data], command: [/bin/busybox, sh, -c, 'sleep 1000'] }
volumes: { data: {} }
`,
      },
      expose: [8080],
    })
    harness = await openHarness(registry.repository)
    socketPath = path.join(harness.config.runDir, 'shell.sock')
    server.listen(socketPath)
    await once(server, 'listening')
  })
  after(async () => {
    server.close()
    await harness?.close()
    await registry?.close()
    await removeImageByHand(image).catch(() => {})
  })

  async function ask(
    method: string,
    at: string,
    { body, service, preview = 'red' }: { body?: Buffer; service?: string; preview?: string } = {},
  ) {
    // prettier-ignore
    const query = new URLSearchParams({ preview, path: at, ...(service && { service }) })
    const headers = { 'Lotan-Who': 'token%20ci', 'Lotan-Address': '192.0.2.7' }
    const req = http.request({ socketPath, method, path: `/files?${query.toString()}`, headers })
    req.end(body)
    const [res] = (await once(req, 'response')) as [IncomingMessage]
    return { status: res.statusCode, body: await buffer(res) }
  }
  async function problemOf(...args: Parameters<typeof ask>) {
    const { status, body } = await ask(...args)
    const { type, detail } = JSON.parse(body.toString()) as { type: string; detail: string }
    return `${status} ${type.split('/').at(-1)} ${detail}`
  }
  async function put(at: string, entries: [Told, (string | Buffer)?][], service?: string) {
    const { status, body } = await ask('PUT', at, { body: await tarOf(entries), service })
    assert.equal(status, 204, body.toString())
  }
  async function get(at: string, service?: string) {
    const { status, body } = await ask('GET', at, { service })
    assert.equal(status, 200, body.toString())
    return read(body)
  }

  /** In the helper's sight: those of the container, and its own. */
  async function processes(): Promise<string> {
    const { container } = (await harness.untilState('red', 'running')).generation
    const command = [BUSYBOX, 'ps', '-o', 'args']
    const { input, output, errors } = await harness.context.helpers.run({ container, network: container }, { command, terminal: null }) // prettier-ignore
    input.end()
    errors?.resume()
    return (await buffer(output)).toString()
  }

  test('go in and out as they are, of the image, of a volume and of a memory file system, as the application’s user', async () => {
    const big = randomBytes(3_000_000)
    const long = `${'deep/'.repeat(30)}ünd "so"\n'weiter'`
    await put('/tmp', [
      [{ name: 'in/', type: 'directory', mode: 0o750 }],
      [{ name: 'in/big', mode: 0o4755, uid: 0, gid: 0, mtime: new Date(1_000_000_000_000) }, big],
      [{ name: `in/${long}`, mode: 0o400 }, 'deep'],
      [{ name: 'in/empty' }, ''],
    ])
    const found = await get('/tmp/in')
    assert.deepEqual(
      found.map(({ name, type, mode, uid, gid }) => [name, type, mode, uid, gid]).filter(([name]) => !/deep\/$/.test(String(name))).toSorted(), // prettier-ignore
      [
        ['in/', 'directory', 0o750, 1234, 1235],
        ['in/big', 'file', 0o755, 1234, 1235],
        [`in/${long}`, 'file', 0o400, 1234, 1235],
        ['in/empty', 'file', 0o644, 1234, 1235],
      ].toSorted(),
    )
    const again = found.find(({ name }) => name === 'in/big')!
    assert.ok(again.bytes.equals(big))
    assert.equal(again.mtime?.getTime(), 1_000_000_000_000)

    await put('/data', [[{ name: 'kept' }, 'in a volume']], 'db')
    const [kept] = await get('/data/kept', 'db')
    assert.deepEqual([kept?.name, kept?.uid, kept?.bytes.toString()], ['kept', 0, 'in a volume'])

    // A link leads to where it leads inside.
    assert.match((await get('/tmp/page'))[0]!.bytes.toString(), /<h1>red<\/h1>/)
    await put('/tmp/link', [[{ name: 'through' }, 'a link']])
    assert.equal((await get('/tmp/through'))[0]!.bytes.toString(), 'a link')
    const names = (await get('/')).map(({ name }) => name)
    assert.ok(names.includes('www/index.html') && names.includes('tmp/in/big'))
    assert.ok(!names.some((name) => /^(proc|sys)\//.test(name)))

    const told = harness.store.history('red', 20)
    assert.deepEqual([told[0]?.who, told[0]?.address], ['token ci', '192.0.2.7'])
    assert.match(told[0]?.detail ?? '', /^files read, \d+ s/)
    assert.deepEqual(harness.store.shellSessions.list(), [])
  })

  test('what cannot be done is said, and nothing is written', async () => {
    assert.match(await problemOf('GET', '/nowhere'), /^404 no-such-file There is no \/nowhere in this container/)
    await put('/tmp', [[{ name: 'closed', type: 'directory' }], [{ name: 'closed/file', mode: 0o200 }, 'x']])
    assert.match(await problemOf('GET', '/tmp/closed/file'), /^409 file-refused the application's user may not read \/tmp\/closed\/file\.$/) // prettier-ignore
    // What could not be read whole breaks off.
    await assert.rejects(ask('GET', '/tmp/closed'), /aborted/)
    assert.match(await problemOf('PUT', '/nowhere', { body: Buffer.alloc(1024) }), /^404 no-such-file/)
    assert.match(await problemOf('PUT', '/www/index.html', { body: Buffer.alloc(1024) }), /^400 bad-parameter path/)
    assert.match(await problemOf('PUT', '/www', { body: Buffer.alloc(1024) }), /^409 file-refused the application's user may not/) // prettier-ignore
    assert.match(await problemOf('GET', '/', { service: 'cache' }), /^404 no-such-service/)
    assert.match(await problemOf('GET', '/', { preview: 'nowhere' }), /^404 no-such-tag/)

    // The refusal comes while megabytes of it are still to come.
    const entries: [Told, (string | Buffer)?][] = [[{ name: 'half' }, 'first'], [{ name: 'l', type: 'symlink', linkname: '/' }], [{ name: 'more' }, Buffer.alloc(20_000_000)]] // prettier-ignore
    assert.match(await problemOf('PUT', '/tmp', { body: await tarOf(entries) }), /^400 bad-body "l" is a link.*Nothing was written\.$/) // prettier-ignore
    assert.match(await problemOf('GET', '/tmp/half'), /^404/)
    await put('/tmp', [[{ name: 'occupied' }, 'by a file']])
    assert.match(await problemOf('PUT', '/tmp', { body: await tarOf([[{ name: 'occupied/below' }, 'x']]) }), /^409 file-refused .*occupied.*Some of the files may be written/) // prettier-ignore
  })

  test('a client that leaves in the middle leaves nothing', async () => {
    const upload = await tarOf([
      [{ name: 'first' }, 'first'],
      [{ name: 'second' }, Buffer.alloc(2_000_000)],
    ])
    const req = http.request({ socketPath, method: 'PUT', path: '/files?preview=red&path=/tmp' })
    req.on('error', () => {})
    req.write(upload.subarray(0, 1_000_000))
    const sessions = () => harness.store.shellSessions.list()
    await until('it is taken', () => sessions().some(({ container }) => container !== null))
    req.destroy()
    await until('its session has ended', () => sessions().length === 0)
    assert.match(await problemOf('GET', '/tmp/first'), /^404/)

    await put('/tmp', [[{ name: 'large' }, Buffer.alloc(20_000_000)]])
    const reading = http.get({ socketPath, path: '/files?preview=red&path=/tmp/large' })
    const [res] = (await once(reading, 'response')) as [IncomingMessage]
    await once(res, 'readable')
    assert.match(await processes(), /^tar c/m)
    res.destroy()
    await until('its session has ended', () => sessions().length === 0)
    await until('nothing of it is left', async () => !/^tar c/m.test(await processes()))
  })
})

async function tarOf(entries: [Told, (string | Buffer)?][]): Promise<Buffer> {
  const pack = tar.pack()
  for (const [header, content] of entries) pack.entry(header, content as Buffer)
  pack.finalize()
  return buffer(pack)
}

async function read(bytes: Buffer): Promise<(Header & { bytes: Buffer })[]> {
  const entries = tar.extract()
  entries.end(bytes)
  const found: (Header & { bytes: Buffer })[] = []
  for await (const entry of entries) found.push({ ...entry.header, bytes: await buffer(entry) })
  return found
}

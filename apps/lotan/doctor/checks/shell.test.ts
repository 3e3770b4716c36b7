import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { checkShell } from './shell.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-doctor-shell-'))
after(() => fs.rmSync(dir, { recursive: true }))

const file = path.join(dir, 'keys')
const idle = 60_000

/** A program that has a port, and says this first. */
async function openPort(says: string) {
  const server = net.createServer((socket) => socket.end(says)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => new Promise((resolve) => server.close(resolve)) }
}

const told = async (port: number, isRunning: boolean) =>
  (await checkShell({ shell: { ssh: { listen: { host: '127.0.0.1', port }, keys: file }, idle } }, isRunning)).map(
    ({ level, says }) => `${level}: ${says}`,
  )

test('nothing is said of a way in that is off, and of SSH only where it listens', async () => {
  assert.deepEqual(await checkShell({ shell: null }, true), [])
  assert.deepEqual(
    (await checkShell({ shell: { ssh: null, idle } }, true)).map(({ level }) => level),
    ['ok'],
  )
})

test('the file of keys has to be there, with keys, and be its owner’s', async () => {
  const { port, close } = await openPort('')
  await close()
  const ofKeys = async () => (await told(port, false))[1]!
  assert.match(await ofKeys(), /^failure: the keys of LOTAN_SSH_KEYS cannot be read: ENOENT/)
  fs.writeFileSync(file, '# nobody yet\n\n', { mode: 0o600 })
  assert.match(await ofKeys(), /^warning: .* has no key/)
  fs.appendFileSync(file, 'ssh-ed25519 AAAA anna\n')
  assert.match(await ofKeys(), /^ok: .* has 1 key$/)
  fs.chmodSync(file, 0o666)
  assert.match(await ofKeys(), /^warning: others than its owner may write/)
  fs.chmodSync(file, 0o600)
  assert.match((await told(port, false))[2]!, /^ok: 127\.0\.0\.1:\d+ is free for SSH$/)
})

test('the port has to be Lotan’s while it runs, and free before', async () => {
  const ours = await openPort('SSH-2.0-Lotan\r\n')
  const other = await openPort('SSH-2.0-OpenSSH_9.2\r\n')
  try {
    assert.match((await told(ours.port, true))[2]!, /^ok: Lotan answers at/)
    assert.match((await told(other.port, true))[2]!, /^failure: it is not Lotan that answers at/)
    assert.match((await told(other.port, false))[2]!, /^failure: LOTAN_SSH_LISTEN 127\.0\.0\.1:\d+ is taken by/)
  } finally {
    await ours.close()
    await other.close()
  }
  assert.match((await told(ours.port, true))[2]!, /^failure: it is not Lotan that answers at/)
})

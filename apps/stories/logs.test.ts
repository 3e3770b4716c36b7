/** Where Lotan's words go: with LOTAN_LOG=stdout, which the journal has by itself, all to whoever runs the launcher. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { familyOf, isAlive } from '../testing/harness/processes.ts'
import { until } from '../testing/harness/until.ts'

describe('with LOTAN_LOG=stdout', { timeout: 300_000 }, () => {
  let lotan: Lotan

  before(async () => {
    // A repository that does not answer: the reaper has something to say of it.
    lotan = await startLotan({ repository: '127.0.0.1:9/app', env: { LOTAN_LOG: 'stdout' } })
  })
  after(async () => lotan?.stop())

  const lines = () => lotan.said().split('\n')

  test('every part is heard where the launcher is, and each line says whose it is', async () => {
    for (const part of ['router', 'queue-processor', 'reaper']) {
      const ready = (line: string) => line.startsWith('{') && (JSON.parse(line) as { part: string }).part === part
      await until(`${part} is heard`, () => lines().some(ready))
    }
    await until('Redis is heard', () => lines().some((line) => /^redis: .*Ready to accept connections/i.test(line)))
    await until('the launcher has said all', () =>
      /^lotan: logs: {2}here; requests in .*nginx-access\.log$/m.test(lotan.said()),
    )
    const strangers = lines().filter((line) => !/^$|^\{.*\}$|^(lotan|redis|nginx): /.test(line))
    assert.deepEqual(strangers, [])
  })

  test('the end of a part says where its words are', async () => {
    await lotan.killPart('router')
    await until('it is said', () => /^lotan: router ended \(SIGKILL\).*; its output stands above$/m.test(lotan.said()))
  })

  test('nginx is heard too', async () => {
    const pid = await until('nginx runs', () => lotan.part('nginx'))
    fs.appendFileSync(path.join(lotan.config.runDir, 'nginx', 'nginx.conf'), 'nonsense;\n')
    process.kill(pid, 'SIGHUP')
    await until('it says what is wrong', () => /^nginx: .*\[emerg\].*nonsense/m.test(lotan.said()))
    await lotan.ready()
    assert.equal(lotan.part('nginx'), pid)
  })

  test('killed with -9 it leaves nothing that the next start does not end', async () => {
    const nginx = familyOf(lotan.part('nginx')!)
    assert.ok(nginx.length > 1)
    // A stopped master does not end when it is told to, and nor do its workers.
    process.kill(nginx[0]!.pid, 'SIGSTOP')
    await lotan.end('SIGKILL')
    await lotan.again()
    assert.match(lotan.said(), /ended what an earlier start left behind/)
    assert.deepEqual(
      nginx.filter(({ pid }) => isAlive(pid)),
      [],
    )
  })

  test('there is no file but the one for requests', () => {
    assert.deepEqual(fs.readdirSync(path.join(lotan.config.dataDir, 'logs')), ['nginx-access.log'])
  })
})

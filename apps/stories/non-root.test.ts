/** A user in the docker group runs Lotan on a high port. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { generationOf } from '../shared/preview/preview.ts'
import { addressOf } from '../shared/slots/slots.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { engine } from '../testing/images/kept-bases.ts'
import { familyOf, usersOf } from '../testing/harness/processes.ts'
import { inside } from '../testing/harness/reach.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { surroundings } from '../testing/harness/surroundings.ts'
import { until } from '../testing/harness/until.ts'
import { somebody } from '../testing/harness/user.ts'

const root = path.resolve(import.meta.dirname, '../..')

describe('a user who is not root', { timeout: 300_000 }, () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-user-'))
  fs.chmodSync(dir, 0o755)
  const user = somebody(dir)
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['red', 'green']) {
      await publishSmall(`${registry.repository}:${tag}`, `this is ${tag}`)
    }
    lotan = await startLotan({ repository: registry.repository, user })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
    fs.rmSync(dir, { recursive: true })
  })

  test('runs all of it: a click pulls an image and ends at the application', async () => {
    assert.match((await lotan.click('red')).text, /this is red/)
    assert.ok(lotan.store.history('red').some(({ event }) => event === 'pulled'))
  })

  test('lends it to nobody else: no process of it is another user, and no file another’s', async () => {
    const family = familyOf(lotan.launcher())
    for (const part of ['apps/router', 'apps/queue-processor', 'apps/reaper', 'nginx: worker', 'redis-server'])
      assert.ok(
        family.some(({ command }) => command.includes(part)),
        `${part} runs`,
      )
    for (const { pid, command } of family)
      assert.deepEqual(usersOf(pid), [user.uid, user.uid, user.uid, user.uid], command)
    for (const file of fs.globSync('**', { cwd: lotan.config.dataDir }))
      assert.equal(fs.statSync(path.join(lotan.config.dataDir, file)).uid, user.uid, file)
  })

  test('has previews that do not reach each other, and is told what they do reach', async () => {
    assert.match((await lotan.click('green')).text, /this is green/)
    const container = await lotan.containerOf('red')
    const subnet = lotan.store.facts.get('subnet')!
    const [red, green] = ['red', 'green'].map((tag) => addressOf(subnet, generationOf(lotan.store.get(tag)!)!.slot!))
    const reaches = (address: string) =>
      inside(container, ['/bin/busybox', 'nc', '-w', '1', address, '80']).then(
        () => true,
        () => false,
      )
    assert.deepEqual([await reaches(red!), await reaches(green!)], [true, false])
    const said = 'previews can reach the services of this machine itself and 169.254.0.0/16: only root may set'
    assert.ok(lotan.said().includes(said), lotan.said())
  })

  test('has a Lotan that sees the disk of the engine', async () => {
    await until('the reaper watches the disk', async () => /the engine's disk is watched/.test(await lotan.output()))
  })

  test('stops it cleanly, and previews stay', async (t) => {
    const container = await lotan.containerOf('red')
    const took = await lotan.end()
    t.diagnostic(`stopped in ${Math.round(took)} ms`)
    assert.match(lotan.said(), /2 previews were left running/)
    assert.deepEqual(lotan.left(), [])
    assert.equal((await engine.inspect(container))?.running, true)
  })

  test('is told in one line what root has to install, and nothing is changed', async () => {
    const bin = path.join(dir, 'bin')
    fs.mkdirSync(bin)
    // Redis and what lies beside it are missing here.
    for (const name of ['sh', 'cat', 'dirname', 'grep', 'head', 'id', 'npm', 'sha256sum', 'apt-get'])
      fs.symlinkSync(await where(name), path.join(bin, name))
    fs.symlinkSync(user.node, path.join(bin, 'node'))
    const env = ['env', '-i', `PATH=${bin}`, 'REPOSITORY=registry.example.com/team/app']
    const setUp = user.run([...env, 'sh', 'apps/lotan/install/set-up.sh', 'run', 'echo', 'it went on'])
    const { code, output } = await outcomeOf(setUp)
    assert.match(
      output,
      /^lotan: first, as root: sudo apt-get install --no-install-recommends [^\n]*redis-server[^\n]*\n$/,
    )
    assert.equal(code, 1)
  })
})

async function where(program: string): Promise<string> {
  const { output } = await outcomeOf(['sh', '-c', 'command -v "$1"', 'sh', program])
  return output.trim()
}

async function outcomeOf([program = '', ...args]: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd: root, env: surroundings }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr })
    })
  })
}

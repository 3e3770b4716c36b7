import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const read = (name: string) => fs.readFileSync(path.join(import.meta.dirname, name), 'utf8')

/** `Service.ExecStart` and the others of a unit file; each may be given once here. */
function unitOf(text: string): Map<string, string> {
  const unit = new Map<string, string>()
  let section = ''
  for (const line of text.split('\n').filter((line) => line && !line.startsWith('#'))) {
    section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (key === undefined) assert.match(line, /^\[\w+\]$/)
    else {
      assert.ok(!unit.has(`${section}.${key}`), `${key} stands there twice`)
      unit.set(`${section}.${key}`, value!)
    }
  }
  return unit
}

test('the systemd unit runs npm start, with its settings and its data in their places', () => {
  const unit = unitOf(read('lotan.service'))
  assert.equal(unit.get('Service.ExecStart'), '/usr/bin/env npm start')
  assert.match(unit.get('Service.WorkingDirectory') ?? '', /^\//)
  assert.equal(unit.get('Service.EnvironmentFile'), '-/etc/lotan.env')
  assert.equal(unit.get('Service.Environment'), `LOTAN_DATA_DIR=/var/lib/${unit.get('Service.StateDirectory')}`)
  assert.match(unit.get('Unit.After') ?? '', /\bnetwork-online\.target docker\.service\b/)
  assert.equal(unit.get('Unit.Wants'), unit.get('Unit.After'))
  assert.equal(unit.get('Install.WantedBy'), 'multi-user.target')
})

test('it stops the launcher alone, which takes its parts down, and gives it the time for that', () => {
  const unit = unitOf(read('lotan.service'))
  assert.equal(unit.get('Service.KillMode'), 'mixed')
  assert.equal(unit.get('Service.KillSignal'), 'SIGTERM')
  assert.ok(Number(unit.get('Service.TimeoutStopSec')) > 5)
  // npm passes a signal on to the shell that it runs the script with, which must have become the launcher by then: else
  // the shell ends, then npm, and Lotan is killed or lives on.
  const { scripts } = JSON.parse(read('../../../package.json')) as { scripts: { start: string } }
  assert.match(scripts.start, /^exec [^;&|]+$/)
  assert.match(read('set-up.sh'), /\nexec "\$@"\n$/)
})

test('it is started again after a failure, but not with settings that cannot be used', () => {
  const unit = unitOf(read('lotan.service'))
  assert.equal(unit.get('Service.Restart'), 'on-failure')
  assert.ok(Number(unit.get('Service.RestartSec')) >= 1)
  assert.match(read('../cli/command.ts'), new RegExp(`\\n  usage: ${unit.get('Service.RestartPreventExitStatus')},\\n`))
})

test('nginx gets as many files as it asks for', () => {
  const most = /Math\.min\(([\d_]+), await openFilesLimit\(\)\)/.exec(read('../nginx/config.ts'))?.[1]
  assert.equal(Number(most?.replaceAll('_', '')), Number(unitOf(read('lotan.service')).get('Service.LimitNOFILE')))
})

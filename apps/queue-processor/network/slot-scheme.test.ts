import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseSlotKind, type Facts } from './slot-scheme.ts'

const here: Facts = { wanted: null, own: undefined, hasBridge: true, dockerHost: null }
const desktop: Facts = { ...here, hasBridge: false }
const inside: Facts = { ...desktop, own: { onHost: false } }
const remote: Facts = { ...desktop, dockerHost: 'tcp://engine.example.com:2376' }

test('the kind of slots that works is chosen, and where none does it is said', () => {
  const table: [facts: Facts, expected: string | RegExp][] = [
    [here, 'network'],
    [{ ...here, wanted: 'network' }, 'network'],
    [{ ...here, wanted: 'port' }, 'port'],
    [{ ...here, own: { onHost: true } }, 'network'],
    [{ ...here, own: { onHost: true }, wanted: 'port' }, 'port'],
    [{ ...here, dockerHost: 'tcp://192.0.2.1:2375' }, 'network'],
    [inside, 'network'],
    [{ ...inside, dockerHost: 'tcp://engine.example.com:2376' }, 'network'],
    [{ ...inside, wanted: 'port' }, /^LOTAN_SLOT_KIND=port cannot work in a container/],
    [desktop, 'port'],
    [{ ...desktop, wanted: 'port' }, 'port'],
    [{ ...desktop, dockerHost: 'unix:///run/user/1000/docker.sock' }, 'port'],
    [{ ...desktop, dockerHost: 'tcp://127.0.0.1:2375' }, 'port'],
    [{ ...desktop, dockerHost: 'tcp://localhost:2375' }, 'port'],
    [{ ...desktop, dockerHost: 'tcp://[::1]:2375' }, 'port'],
    [{ ...desktop, wanted: 'network' }, /^LOTAN_SLOT_KIND=network cannot work here/],
    [remote, /^previews on the engine at tcp:\/\/engine\.example\.com:2376 cannot be reached/],
    [{ ...remote, wanted: 'network' }, /^previews on the engine at/],
    [{ ...remote, wanted: 'port' }, /^previews on the engine at/],
  ]
  for (const [facts, expected] of table) {
    const choice = chooseSlotKind(facts)
    const said = JSON.stringify(facts)
    if (typeof expected === 'string') assert.equal('kind' in choice && choice.kind, expected, said)
    else assert.match('problem' in choice ? choice.problem : '', expected, said)
  }
})

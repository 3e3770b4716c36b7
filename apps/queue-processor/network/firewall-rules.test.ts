import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rulesOf, scriptOf } from './firewall-rules.ts'

const place = { instance: '0a1b2c3d', bridge: 'br-1', front: null, calls: null }

test('beside the engine: previews are kept off this machine and link-local addresses, but for names, and others off them', () => {
  assert.deepEqual(rulesOf(place), {
    dropped: [
      '! -i br-1 -o br-1 -m conntrack --ctstate NEW -j DROP',
      '-i br-1 -d 169.254.0.0/16 -p udp --dport 53 -j RETURN',
      '-i br-1 -d 169.254.0.0/16 -p tcp --dport 53 -j RETURN',
      '-i br-1 -d 169.254.0.0/16 -j DROP',
    ],
    accepted: [],
    input: [
      '-i br-1 -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN',
      '-i br-1 -p udp --dport 53 -j RETURN',
      '-i br-1 -p tcp --dport 53 -j RETURN',
      '-i br-1 -p tcp -j REJECT --reject-with tcp-reset',
      '-i br-1 -j REJECT --reject-with icmp-port-unreachable',
    ],
  })
})

test('in a container: it is let through to previews, and they only answer', () => {
  const rules = rulesOf({ ...place, front: '10.83.0.2' })
  assert.deepEqual(rules.accepted, [
    '-i br-1 -o br-1 -s 10.83.0.2 -j ACCEPT',
    '-i br-1 -o br-1 -d 10.83.0.2 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
  ])
  assert.deepEqual(rules.dropped, ['-i br-1 -s 10.83.0.2 -j RETURN', ...rulesOf(place).dropped.slice(1)])
  assert.deepEqual(
    rules.input.filter((rule) => !rulesOf(place).input.includes(rule)),
    ['-i br-1 -s 10.83.0.2 -j RETURN'],
  )
})

test('previews reach nginx where it listens for them, and nothing else by that', () => {
  const calls = { host: '10.83.0.1', port: 8080 }
  const beside = rulesOf({ ...place, calls })
  assert.deepEqual(
    beside.input.filter((rule) => !rulesOf(place).input.includes(rule)),
    ['-i br-1 -d 10.83.0.1 -p tcp --dport 8080 -j ACCEPT'],
  )
  assert.ok(
    beside.input.findIndex((rule) => /ACCEPT/.test(rule)) < beside.input.findIndex((rule) => /REJECT/.test(rule)),
  )
  assert.deepEqual({ ...beside, input: [] }, { ...rulesOf(place), input: [] })

  const front = '10.83.0.2'
  const inside = rulesOf({ ...place, front, calls: { host: front, port: 80 } })
  const without = rulesOf({ ...place, front })
  assert.deepEqual(
    inside.accepted.filter((rule) => !without.accepted.includes(rule)),
    ['-i br-1 -o br-1 -d 10.83.0.2 -p tcp --dport 80 -j ACCEPT'],
  )
  assert.deepEqual({ ...inside, accepted: [] }, { ...without, accepted: [] })
})

test('every rule is about the network alone, and stands in the chains of the instance', () => {
  for (const [front, count] of [
    ['10.83.0.2', 12],
    [null, 9],
  ] as const) {
    const script = scriptOf({ ...place, front })
    const all = script.split('\n').filter((line) => line.startsWith('-A'))
    const [rules, dropping] = [all.slice(0, count), all.slice(count)]
    // Where the kernel knows no REJECT all of it is set once more without.
    assert.deepEqual(
      dropping,
      rules.map((rule) => rule.replace(/REJECT .*/, 'DROP')),
    )
    for (const rule of rules) assert.match(rule, /^-A LOTAN-0a1b2c3d(-IN)? (-i br-1|! -i br-1 -o br-1) /)
  }
})

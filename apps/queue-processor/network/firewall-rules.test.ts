import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rulesOf, scriptOf } from './firewall-rules.ts'

const place = { instance: '0a1b2c3d', bridge: 'br-1', subnet: '10.83.0.0/20', front: null, calls: null }

/** Of the networks of stacks, and of services on the previews' network. */
const isOfServices = (rule: string) => /lt0a1b2c3d|10[.]83[.]7[.]0|! -s/.test(rule)
/** The others. */
const previewRulesOf = (facts: Parameters<typeof rulesOf>[0]) => {
  const { dropped, accepted, input } = rulesOf(facts)
  const others = (rules: string[]) => rules.filter((rule) => !isOfServices(rule))
  return { dropped: others(dropped), accepted, input: others(input) }
}

test('beside the engine: previews are kept off this machine and link-local addresses, but for names, and others off them', () => {
  assert.deepEqual(previewRulesOf(place), {
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
  const { dropped } = previewRulesOf({ ...place, front: '10.83.0.2' })
  assert.deepEqual(dropped, ['-i br-1 -s 10.83.0.2 -j RETURN', ...previewRulesOf(place).dropped.slice(1)])
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
  const [opened, refused] = [/ACCEPT/, /^-i br-1 -p tcp -j REJECT/].map((one) =>
    beside.input.findIndex((rule) => one.test(rule)),
  )
  assert.ok(opened! < refused!)
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

test('a stack is shut in: nothing of it leaves, or reaches this machine, and nothing comes in', () => {
  for (const front of [null, '10.83.0.2']) {
    const { dropped, accepted, input } = rulesOf({ ...place, front })
    assert.deepEqual(dropped.slice(0, 5), [
      '-i lt0a1b2c3d+ ! -o lt0a1b2c3d+ -j DROP',
      '! -i lt0a1b2c3d+ -o lt0a1b2c3d+ -j DROP',
      '-i lt0a1b2c3d+ -o lt0a1b2c3d+ -m physdev ! --physdev-is-bridged -j DROP',
      '-i br-1 -s 10.83.7.0/25 -m conntrack --ctstate NEW -j DROP',
      '-i br-1 ! -s 10.83.0.0/20 -j DROP',
    ])
    assert.deepEqual(input.filter(isOfServices), [
      '-i lt0a1b2c3d+ -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN',
      '-i lt0a1b2c3d+ -p tcp -j REJECT --reject-with tcp-reset',
      '-i lt0a1b2c3d+ -j REJECT --reject-with icmp-port-unreachable',
      '-i br-1 -s 10.83.7.0/25 -p tcp -j REJECT --reject-with tcp-reset',
      '-i br-1 -s 10.83.7.0/25 -j REJECT --reject-with icmp-port-unreachable',
      '-i br-1 ! -s 10.83.0.0/20 -p tcp -j REJECT --reject-with tcp-reset',
      '-i br-1 ! -s 10.83.0.0/20 -j REJECT --reject-with icmp-port-unreachable',
    ])
    assert.ok(input.indexOf('-i br-1 -s 10.83.7.0/25 -p tcp -j REJECT --reject-with tcp-reset') < input.indexOf('-i br-1 -p udp --dport 53 -j RETURN')) // prettier-ignore
    assert.deepEqual(accepted.filter(isOfServices), [])
  }
})

test('every rule is about the network alone, and stands in the chains of the instance', () => {
  for (const [front, count] of [
    ['10.83.0.2', 24],
    [null, 21],
  ] as const) {
    const script = scriptOf({ ...place, front })
    const all = script.split('\n').filter((line) => line.startsWith('-A'))
    const [rules, dropping] = [all.slice(0, count), all.slice(count)]
    // Where the kernel knows no REJECT, or not what is routed, all of it is set once more without.
    assert.deepEqual(
      dropping,
      rules.filter((rule) => !rule.includes('physdev')).map((rule) => rule.replace(/REJECT .*/, 'DROP')),
    )
    for (const rule of rules)
      assert.match(rule, /^-A LOTAN-0a1b2c3d(-IN)? (-i br-1|! -i br-1 -o br-1|(! )?-[io] lt0a1b2c3d[+]) /)
  }
})

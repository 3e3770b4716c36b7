import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeDns, type Names } from './checks/dns.ts'
import { judgeDrift } from './checks/drift.ts'
import { judgeDataDisk, judgeEngineDisk } from '../../shared/health/disk.ts'
import { judgeClock } from './checks/registry.ts'
import { pageOf } from './doctor.ts'
import type { Finding } from '../../shared/health/finding.ts'

const levels = (found: Finding[]) => found.map(({ level }) => level).join()

test('names below the domain have to lead to where nginx listens', () => {
  const of = (parent: string, ...leads: string[]) => ({ parent, name: `random.${parent}`, leads })
  const domain = 'previews.example.com'
  const below = (...leads: string[]) => ({ below: [of(domain, ...leads)] })
  const names: Names = {
    domain,
    domainLeads: ['192.0.2.10'],
    ...below('192.0.2.10'),
    own: ['127.0.0.1', '192.0.2.10'],
    listens: '0.0.0.0',
    isFronted: false,
  }
  const api = `api.${domain}`
  const table: [Partial<Names>, string, last: RegExp][] = [
    [{}, 'ok', /leads to 192\.0\.2\.10$/],
    [below(), 'failure', /^random\.previews.* leads nowhere, so no preview has an address$/],
    [{ domainLeads: [], domain: 'a.lotan.localhost', ...below() }, 'ok', /in browsers and in lotan/],
    [{ domainLeads: [] }, 'ok,failure', /itself leads nowhere/],
    [{ domainLeads: ['192.0.2.11'] }, 'ok,warning', /leads elsewhere: 192\.0\.2\.11/],
    [{ listens: '127.0.0.1' }, 'ok,failure', /nginx listens on 127\.0\.0\.1 alone/],
    [{ listens: '[::1]' }, 'ok,failure', /alone/],
    [{ listens: '127.0.0.1', isFronted: true }, 'ok', /leads to/],
    [{ own: ['127.0.0.1', '10.0.0.5'] }, 'ok,warning', /no address that this machine knows/],
    [{ own: ['10.0.0.5'], isFronted: true }, 'ok', /leads to/],
    [{ ...below('127.0.0.1'), domainLeads: ['127.0.0.1'], listens: '127.0.0.1' }, 'ok', /leads to 127/],
    [{ below: [of(domain, '192.0.2.10'), of(api, '192.0.2.10')] }, 'ok,ok', /^\*\.api\.previews.* leads to 192/],
    [
      { below: [of(domain, '192.0.2.10'), of(api)] },
      'ok,failure',
      /^random\.api.* nowhere, so no preview below api\.prev/,
    ],
    [{ below: [of(domain), of(api, '192.0.2.10')] }, 'failure,ok', /^\*\.api/],
    [
      { below: [of(domain, '192.0.2.10'), of(api, '192.0.2.9')] },
      'ok,warning',
      /^\*\.api.* leads elsewhere: 192\.0\.2\.9/,
    ],
    [{ below: [of(api, '192.0.2.10')] }, 'ok', /^\*\.api/],
    [{ below: [of(domain), of(api)] }, 'failure,failure', /^random\.api/],
  ]
  for (const [given, expected, last] of table) {
    const found = judgeDns({ ...names, ...given })
    assert.equal(levels(found), expected, JSON.stringify(given))
    assert.match(found.at(-1)!.says, last)
    for (const { level, advice } of found) assert.equal(level === 'ok', advice === undefined)
  }
})

test("this clock is compared with the registry's", () => {
  const now = Date.parse('2026-03-01T12:00:00Z')
  const table: [theirs: number | undefined, string, RegExp][] = [
    [now - 400, 'ok', /agree, to 1 s/],
    [now + 59_000, 'ok', /agree, to 59 s/],
    [now + 61_000, 'warning', /61 s behind/],
    [now - 400_000, 'failure', /400 s ahead of .*: logins and certificates fail/],
    [undefined, 'warning', /does not tell its time/],
  ]
  for (const [theirs, level, says] of table) {
    const found = judgeClock(theirs, now)
    assert.equal(found.level, level)
    assert.match(found.says, says)
  }
})

test('a disk may be full, or nearly', () => {
  const disk = { root: '/var/lib/docker', total: 100e9, free: 50e9 }
  const marks = { high: 85, low: 75 }
  assert.deepEqual(judgeEngineDisk(disk, marks), {
    check: 'disk',
    level: 'ok',
    says: '/var/lib/docker: 50 % used, 50.0 GB free',
  })
  assert.equal(judgeEngineDisk({ ...disk, free: 10e9 }, marks).level, 'warning')
  assert.equal(judgeEngineDisk({ ...disk, free: 0.5e9 }, marks).level, 'failure')
  assert.deepEqual([5e9, 1e6, undefined].map((free) => judgeDataDisk(free, '/data').level), ['ok', 'failure', 'failure']) // prettier-ignore
})

test('drift is what database or engine alone knows', () => {
  const rows = {
    containers: [{ repository: '', tag: 'red', container: 'c1' }],
    sandboxes: [1],
    pulled: [],
    serviceImages: [],
  }
  const c1 = { id: 'c1', name: 'lotan-x-red-1' }
  const box = { id: 's1', number: 1 }
  const all = Array.from({ length: 7 }, (_, i) => ({ id: `d${i}`, name: `n${i}` }))
  const table: [Parameters<typeof judgeDrift>, string, RegExp][] = [
    [[rows, [c1], [box], true], 'ok', /agree on 1 containers/],
    [[undefined, [], [], false], 'ok', /no database yet/],
    [[undefined, [c1], [], false], 'warning', /lotan-x-red-1: containers of this Lotan that its database/],
    [[rows, [], [box], true], 'warning', /red: the database knows containers that are gone/],
    [[rows, [c1], [box, { id: 's2', number: 2 }], true], 'warning', /1 sandboxes/],
    [[rows, [c1, ...all], [box], false], 'warning', /n0, n1, n2, n3, n4 and 2 more/],
  ]
  for (const [given, expected, says] of table) {
    const found = judgeDrift(...given)
    assert.equal(levels(found), expected)
    assert.match(found[0]!.says, says)
  }
})

test('the page names each check once, and says below a finding what to do', () => {
  const found: Finding[] = [
    { check: 'engine', level: 'ok', says: 'version 1' },
    { check: 'dns', level: 'ok', says: 'leads here' },
    { check: 'dns', level: 'failure', says: 'leads nowhere', advice: 'add a record' },
  ]
  assert.deepEqual(pageOf(found, (text) => text).split('\n'), [
    'ok       engine  version 1',
    'ok       dns     leads here',
    'failure          leads nowhere',
    '                 add a record',
    '',
  ])
})

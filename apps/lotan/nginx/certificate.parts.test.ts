import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { makeAuthority, type Authority } from '../../testing/harness/certificate.ts'
import { oneRepository } from '../../testing/harness/repositories.ts'
import { until } from '../../testing/harness/until.ts'
import { certificateProblems, followCertificate, whatEnds } from './certificate.ts'

const DAY = 86_400_000
const domain = 'previews.example.com'
const listen = { host: '127.0.0.1', port: 8443 }
let dir: string
let authority: Authority

before(async () => {
  dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-certificate-'))
  authority = await makeAuthority(dir)
})
after(() => fs.rm(dir, { recursive: true }))

const site = { domain, ...oneRepository }
const problems = (certificate: string, key: string, names: object = {}) =>
  certificateProblems({ ...site, ...names, tls: { certificate, key, listen } }).map(({ variable, problem }) => [
    variable,
    problem.replaceAll(dir, ''),
  ])

test('one for the domain and all hosts below it has no problem, and without one there is none', async () => {
  const { certificate, key } = await authority.issue([domain, `*.${domain}`])
  assert.deepEqual(problems(certificate, key), [])
  assert.deepEqual(certificateProblems({ ...site, tls: null }), [])
})

test('one that browsers would refuse is told with what to do', async () => {
  const bare = await authority.issue([domain])
  const other = await authority.issue(['other.example.com', '*.other.example.com'])
  assert.deepEqual(problems(bare.certificate, bare.key), [
    ['LOTAN_TLS_CERT', `is not for any.${domain}: use one for ${domain} and *.${domain}`],
  ])
  assert.deepEqual(problems(other.certificate, other.key), [
    ['LOTAN_TLS_CERT', `is not for ${domain} nor for any.${domain}: use one for ${domain} and *.${domain}`],
  ])
  assert.deepEqual(problems(bare.certificate, other.key), [['LOTAN_TLS_KEY', 'is not the key of /issued-2.pem']])
})

test('with several repositories each that has hosts of its own needs a wildcard, or the flat form', async () => {
  const of = await authority.issue([domain, `*.${domain}`])
  const ofApi = await authority.issue([domain, `*.api.${domain}`])
  const ofAll = await authority.issue([domain, `*.${domain}`, `*.api.${domain}`, `*.web.${domain}`])
  const named = (...names: string[]) => ({ repositories: names.map((name) => ({ name })) })
  const flat = { hostForm: 'flat' } as const
  const orFlat = `, or set LOTAN_HOST_FORM=flat, where one for ${domain} and *.${domain} is enough`
  const three = `use one for ${domain}, *.${domain}, *.api.${domain} and *.web.${domain}`
  const table: [typeof of, names: object, problem: string | undefined][] = [
    [ofAll, named('', 'api', 'web'), undefined],
    [of, named('', 'api', 'web'), `is not for any.api.${domain} nor for any.web.${domain}: ${three}${orFlat}`],
    [ofApi, named('', 'api', 'web'), `is not for any.${domain} nor for any.web.${domain}: ${three}${orFlat}`],
    [ofApi, named('', 'api'), `is not for any.${domain}: use one for ${domain}, *.${domain} and *.api.${domain}`],
    [ofApi, named('api'), undefined],
    [of, named('api'), `is not for any.api.${domain}: use one for ${domain} and *.api.${domain}${orFlat}`],
    [of, { ...named('', 'api', 'web'), ...flat }, undefined],
    [of, { ...named('api'), ...flat }, undefined],
    [ofApi, { ...named('api'), ...flat }, `is not for any.${domain}: use one for ${domain} and *.${domain}`],
  ]
  for (const [{ certificate, key }, names, problem] of table)
    assert.deepEqual(problems(certificate, key, names), problem === undefined ? [] : [['LOTAN_TLS_CERT', problem]])
})

test('a renewed one that lacks the hosts of a repository is not used', async () => {
  const files = await authority.issue([domain, `*.${domain}`, `*.api.${domain}`])
  const less = await authority.issue([domain, `*.${domain}`])
  const { certificate, key } = files
  const said: string[] = []
  const config = { ...site, repositories: [{ name: '' }, { name: 'api' }], tls: { certificate, key, listen } }
  const stop = followCertificate(
    config,
    (text) => said.push(text),
    () => assert.fail('it was taken over'),
    { look: 10, remind: DAY },
  )
  try {
    await fs.copyFile(less.key, key)
    await fs.copyFile(less.certificate, certificate)
    await until('it is said', () => said.some((text) => text.includes(`is not for any.api.${domain}`)))
    assert.match(said.join(), /the renewed certificate is not used: LOTAN_TLS_CERT .*LOTAN_HOST_FORM=flat/)
  } finally {
    stop()
  }
})

test('files that are no certificate and no key are both told', async () => {
  await fs.writeFile(path.join(dir, 'nonsense'), 'nonsense')
  const both = problems(path.join(dir, 'nonsense'), path.join(dir, 'nowhere'))
  assert.deepEqual(
    both.map(([variable]) => variable),
    ['LOTAN_TLS_CERT', 'LOTAN_TLS_KEY'],
  )
  assert.match(both[0]![1]!, /^is \/nonsense, which cannot be used: /)
  assert.match(both[1]![1]!, /^is \/nowhere, which cannot be used: .*no such file/)
})

test('its end is told in its last week', async () => {
  const { certificate, key } = await authority.issue([domain])
  const tls = { certificate, key, listen }
  assert.match(whatEnds({ tls }, Date.now())!, /^the certificate ends on .*; Lotan takes a renewed one over by itself$/)
  assert.match(whatEnds({ tls }, Date.now() + 3 * DAY)!, /^the certificate ended on .*: browsers refuse it/)
  assert.equal(whatEnds({ tls }, Date.now() - 10 * DAY), undefined)
  assert.equal(whatEnds({ tls: null }, Date.now()), undefined)
})

test('files that cannot be seen for a moment are said to be so, and taken over when they are there and others', async () => {
  const live = path.join(dir, 'live')
  const pair = { certificate: path.join(live, 'cert.pem'), key: path.join(live, 'key.pem') }
  const put = async () => {
    const issued = await authority.issue([domain, `*.${domain}`])
    await fs.copyFile(issued.certificate, pair.certificate)
    await fs.copyFile(issued.key, pair.key)
  }
  await fs.mkdir(live)
  await put()
  const said: string[] = []
  let renewed = 0
  const every = { look: 10, remind: 86_400_000 }
  const config = { ...site, tls: { ...pair, listen } }
  const stop = followCertificate(
    config,
    (text) => said.push(text),
    () => renewed++,
    every,
  )
  try {
    // A loop of links: root too is refused, as others are by a directory that they may not enter.
    await fs.rename(live, `${live}-away`)
    await fs.symlink('live', live)
    await until('it is said', () => said.length > 0)
    assert.match(said.join(), /^the renewed certificate is not used: LOTAN_TLS_CERT is .* ELOOP/)
    await fs.rm(live)
    await fs.rename(`${live}-away`, live)
    await put()
    await until('it is taken over', () => renewed > 0)
  } finally {
    stop()
  }
})

test('the end of a certificate that serves is told again and again', async () => {
  const { certificate, key } = await authority.issue([domain, `*.${domain}`])
  const said: string[] = []
  const config = { ...site, tls: { certificate, key, listen } }
  const stop = followCertificate(
    config,
    (text) => said.push(text),
    () => {},
    { look: 10_000, remind: 10 },
  )
  try {
    await until('it is told twice', () => said.length > 1)
    assert.match(said[0]!, /^the certificate ends on /)
    await fs.rm(certificate)
    assert.equal(whatEnds(config, Date.now()), undefined, 'of one that is gone nothing can be told')
  } finally {
    stop()
  }
})

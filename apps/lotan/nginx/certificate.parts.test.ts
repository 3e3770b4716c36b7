import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { makeAuthority, type Authority } from '../../testing/harness/certificate.ts'
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

const problems = (certificate: string, key: string) =>
  certificateProblems({ domain, tls: { certificate, key, listen } }).map(({ variable, problem }) => [
    variable,
    problem.replaceAll(dir, ''),
  ])

test('one for the domain and all hosts below it has no problem, and without one there is none', async () => {
  const { certificate, key } = await authority.issue([domain, `*.${domain}`])
  assert.deepEqual(problems(certificate, key), [])
  assert.deepEqual(certificateProblems({ domain, tls: null }), [])
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
  const config = { domain, tls: { ...pair, listen } }
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
  const config = { domain, tls: { certificate, key, listen } }
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

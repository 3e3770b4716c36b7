import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { makeAuthority, type Authority } from '../testing/certificate.ts'
import { certificateProblems, whatEnds } from './certificate.ts'

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

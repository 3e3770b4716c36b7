/** A credential helper that prints anything, and AWS that answers with anything. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { answers } from '../../testing/arbitraries/json.ts'
import { anyText } from '../../testing/arbitraries/texts.ts'
import { askHelper } from './credential-helper.ts'
import type { Login } from './docker-config.ts'
import { openEcr } from './ecr.ts'
import { RegistryError } from './error.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-any-program-'))
const secret = 'hunter2-of-the-tests'
const { env } = process

/** AWS's answers, in turn. */
let aws: { status: number; body: string } = { status: 200, body: '' }
const server = http.createServer((req, res) => {
  req.resume()
  res.writeHead(aws.status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(aws.body)
})

before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const lines = ['#!/bin/sh', `cat ${dir}/said`, `cat ${dir}/cried >&2`, `exit $(cat ${dir}/status)`]
  fs.writeFileSync(path.join(dir, 'docker-credential-any'), lines.join('\n'), { mode: 0o755 })
  Object.assign(env, {
    PATH: `${dir}:${env.PATH}`,
    AWS_ENDPOINT_URL_ECR: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'AKIALOTANTESTLOTANTE',
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_MAX_ATTEMPTS: '1',
  })
})
after(() => {
  server.closeAllConnections()
  server.close()
  fs.rmSync(dir, { recursive: true })
})

/** @returns the error's code, or `undefined` where there is a login, or none */
async function endsWell(asked: Promise<Login | undefined>): Promise<string | undefined> {
  try {
    const login = await asked
    for (const value of Object.values(login ?? {})) assert.equal(typeof value, 'string')
    return undefined
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    assert.ok(!error.message.includes(secret), error.message)
    assert.ok(error.message.length < 1_000)
    return error.code
  }
}

test('whatever a credential helper prints, and however it ends, there is a login or a reason, and the secret is in none', async () => {
  const printed = fc.oneof({ weight: 3, arbitrary: answers({ ServerURL: '', Username: 'u', Secret: secret }) }, anyText)
  await fc.assert(
    fc.asyncProperty(printed, anyText, fc.constantFrom(0, 0, 0, 1, 127), async (said, cried, status) => {
      for (const [name, text] of Object.entries({ said, cried, status: String(status) }))
        fs.writeFileSync(path.join(dir, name), text)
      assert.ok([undefined, 'helper-failed'].includes(await endsWell(askHelper('any', 'registry.example.com'))))
    }),
    {
      numRuns: 60,
      examples: [
        // It prints a login, and ends badly; then it prints more than is read.
        [JSON.stringify({ Username: 'u', Secret: secret }), '', 1],
        [JSON.stringify({ Username: 'u', Secret: secret.padEnd(2_000_000) }), '', 0],
      ],
    },
  )
})

test('no name in a config.json makes a program of another name run', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      const name = text.includes('any') ? 'none' : text
      assert.equal(await endsWell(askHelper(name, 'registry.example.com')), 'helper-failed')
    }),
    { numRuns: 30, examples: [['../any'], ['any; true'], ['x/../any'], ['x'.repeat(300_000)]] },
  )
})

test('whatever AWS answers, there is a token or a reason, and the token is in none', async () => {
  const authorizationToken = Buffer.from(`AWS:${secret}`).toString('base64')
  const template = { authorizationData: [{ authorizationToken, expiresAt: Date.now() / 1_000 + 999, proxyEndpoint: '' }] }
  const refusal = { __type: 'ExpiredTokenException', message: 'expired' }
  const answer = fc.oneof(
    answers(template).map((body) => ({ status: 200, body })),
    fc.tuple(fc.constantFrom(400, 403), answers(refusal)).map(([status, body]) => ({ status, body })),
  )
  const ends = new Set<string | undefined>()
  await fc.assert(
    fc.asyncProperty(answer, async (answer) => {
      aws = answer
      ends.add(await endsWell(openEcr('eu-central-1')('registry.example.com')))
    }),
    { numRuns: 40, examples: [[{ status: 200, body: JSON.stringify(template) }]] },
  )
  assert.ok(ends.has(undefined) && ends.size > 1)
}) // prettier-ignore

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { accessKey, startEcr, type Ecr } from '../../testing/registries/ecr.ts'
import { writeHelper } from '../../testing/registries/credential-helper.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { login, startRegistry, type Registry } from '../../testing/registries/registry.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { listTags, openTags } from '../../testing/registries/tags.ts'
import { identity, startTokenService, type TokenService } from '../../testing/registries/token-service.ts'
import { awsError, ecrRegion } from './ecr.ts'

const run = promisify(execFile)

let bin: string
let closed: Registry

before(async () => {
  bin = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-helpers-'))
  closed = await startRegistry({ login: true })
})
after(async () => {
  await closed.close()
  await fs.rm(bin, { recursive: true })
})

const auth = (password = login.password) => Buffer.from(`${login.username}:${password}`).toString('base64')
const hostOf = (repository: string) => repository.split('/')[0]!
const secret = { ServerURL: '', Username: login.username, Secret: login.password }
/** A registry that lets us in says that it has nothing here yet. */
const entered = 'no-repository'

describe('a helper program', () => {
  const list = (config: object, path = `${bin}:${surroundings.PATH}`) =>
    listTags(closed.repository, config, { PATH: path }).then(({ code, message }) => [code, message])

  before(async () => {
    const host = hostOf(closed.repository)
    await writeHelper(bin, 'right', host, secret)
    await writeHelper(bin, 'wrong', host, { ...secret, Secret: 'wrong' })
    await writeHelper(bin, 'other', 'other.example.com', secret)
    await fs.writeFile(path.join(bin, 'docker-credential-broken'), '#!/bin/sh\necho no key >&2; exit 3\n', {
      mode: 0o755,
    })
  })

  test('opens a registry; the one for that registry is asked before the one for all, config.json’s own logins last', async () => {
    const host = hostOf(closed.repository)
    const auths = { [host]: { auth: auth() } }
    const rows: [object, string][] = [
      [{ credsStore: 'right' }, entered],
      [{ credsStore: 'wrong' }, 'credentials'],
      [{ credHelpers: { [host]: 'right' }, credsStore: 'wrong' }, entered],
      [{ credHelpers: { 'other.example.com': 'wrong' }, credsStore: 'right' }, entered],
      [{ credHelpers: { [host]: 'wrong' }, auths }, 'credentials'],
      [{ credsStore: 'wrong', auths }, 'credentials'],
      [{ credsStore: 'other', auths }, entered],
      [{ credsStore: 'other' }, 'credentials'],
      [{ credsStore: 'wrong', auths: { [closed.repository]: { auth: auth() } } }, entered],
      [{ credHelpers: { [host]: 'wrong' }, auths: { [closed.repository]: { auth: auth() } } }, 'credentials'],
    ]
    const said = await Promise.all(rows.map(([config]) => list(config)))
    said.forEach(([code], i) => assert.equal(code, rows[i]![1], JSON.stringify(rows[i])))
  })

  test('that is missing or fails is named', async () => {
    assert.deepEqual(await list({ credsStore: 'nowhere' }), [
      'helper-failed',
      'docker-credential-nowhere: is not on the PATH',
    ])
    assert.deepEqual(await list({ credsStore: 'broken' }), ['helper-failed', 'docker-credential-broken: no key'])
    const [code, message] = await list({ credsStore: '../../bin/sh' })
    assert.equal(code, 'helper-failed')
    assert.match(message!, /no program’s name/)
  })

  test('that never answers is ended', async () => {
    const file = path.join(bin, 'docker-credential-slow')
    await fs.writeFile(file, `#!/bin/sh\necho $$ >'${bin}/slow.pid'; exec sleep 100\n`, { mode: 0o755 })
    const ask = `import { askHelper } from '${import.meta.dirname}/credential-helper.ts'
      await askHelper('slow', 'x', 500).catch(({ code, message }) => console.log(code + ' ' + message))`
    const env = { ...surroundings, PATH: `${bin}:${surroundings.PATH}` }
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', ask], { env })
    assert.equal(stdout.trim(), 'helper-failed docker-credential-slow: gave no answer in 0.5 s')
    const pid = Number(await fs.readFile(`${bin}/slow.pid`, 'utf8'))
    assert.throws(() => process.kill(pid, 0), /ESRCH/)
  })

  test('that takes too long ends with the request’s own deadline', async () => {
    await writeHelper(bin, 'late', hostOf(closed.repository), secret)
    const file = path.join(bin, 'docker-credential-late')
    await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace('\n', '\nsleep 10\n'))
    await fs.writeFile(path.join(bin, 'config.json'), '{"credsStore":"late"}')
    const config = { repository: closed.repository, dockerConfig: bin, awsRegion: null }
    const ask = `import { openRegistry } from '${import.meta.dirname}/registry.ts'
      const began = performance.now()
      await openRegistry(${JSON.stringify(config)})
        .digestOf('red', undefined, AbortSignal.timeout(500))
        .catch(({ code, message }) => console.log(JSON.stringify([code, message, performance.now() - began])))
      process.exit()`
    const env = { ...surroundings, PATH: `${bin}:${surroundings.PATH}` }
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', ask], { env })
    const [code, message, took] = JSON.parse(stdout) as [string, string, number]
    assert.deepEqual([code, message], ['registry-down', `${hostOf(closed.repository)}: no login for it in time`])
    assert.ok(took < 10_000, 'it waited for the helper')
  })
})

describe('a service that gives out tokens', () => {
  let tokens: TokenService
  let registry: Registry
  const list = async (config: object) => (await listTags(registry.repository, config)).code

  before(async () => {
    tokens = await startTokenService()
    registry = await startRegistry({ token: tokens.configuration })
    await writeHelper(bin, 'identity', hostOf(registry.repository), { Username: '<token>', Secret: identity })
  })
  after(async () => {
    await registry?.close()
    await tokens?.close()
  })

  test('gives one without a login for what is public, and with the login for what is not', async () => {
    const logins = (password?: string) => ({ auths: { [hostOf(registry.repository)]: { auth: auth(password) } } })
    tokens.isPublic = true
    assert.equal(await list({}), entered)
    assert.equal(await list(logins()), entered)
    assert.equal(await list(logins('wrong')), 'credentials')
    tokens.isPublic = false
    assert.equal(await list({}), 'credentials')
    assert.equal(await list(logins()), entered)
    assert.match(tokens.asked.at(-1)!, /^GET lotan repository:todowrangler:pull$/)
  })

  test('takes an identity token in place of a password: from config.json, and from a helper', async () => {
    tokens.isPublic = false
    const host = hostOf(registry.repository)
    assert.equal(await list({ auths: { [host]: { identitytoken: identity } } }), entered)
    assert.equal(tokens.asked.at(-1), 'POST lotan repository:todowrangler:pull')
    assert.equal(await list({ auths: { [host]: { identitytoken: 'ended' } } }), 'credentials')
    const { code } = await listTags(
      registry.repository,
      { credsStore: 'identity' },
      { PATH: `${bin}:${surroundings.PATH}` },
    )
    assert.equal(code, entered)
    assert.equal(tokens.asked.at(-1), 'POST lotan repository:todowrangler:pull')
  })
})

describe('AWS ECR', () => {
  let registry: Registry
  let ecr: Ecr
  const config = () => ({ credHelpers: { [hostOf(registry.repository)]: 'ecr-login' } })
  const key = { AWS_ACCESS_KEY_ID: accessKey.id, AWS_SECRET_ACCESS_KEY: accessKey.secret }
  const env = (more: Record<string, string> = {}) => ({ AWS_ENDPOINT_URL_ECR: ecr.endpoint, ...more })
  const region = { AWS_DEFAULT_REGION: 'eu-central-1' }

  before(async () => {
    registry = await startRegistry({ login: true })
    ecr = await startEcr(registry)
  })
  after(async () => {
    ecr?.close()
    await registry?.close()
  })

  test('is asked by the SDK’s own chain, which is given the region', async () => {
    const { code } = await listTags(registry.repository, config(), env({ ...key, ...region }))
    assert.equal(code, entered)
    assert.equal(ecr.given.at(-1)!.region, 'eu-central-1')
    const both = env({ ...key, ...region, AWS_REGION: 'us-west-2' })
    assert.equal((await listTags(registry.repository, config(), both)).code, entered)
    assert.equal(ecr.given.at(-1)!.region, 'us-west-2')
  })

  test('is entered with a profile, its region too; a key that is put right on disk counts at once', async () => {
    const tags = await openTags(registry.repository, config(), env({ AWS_PROFILE: 'previews' }))
    const write = (secret: string) =>
      fs.writeFile(
        path.join(tags.home, '.aws/credentials'),
        `[previews]\naws_access_key_id = ${accessKey.id}\naws_secret_access_key = ${secret}\n`,
      )
    try {
      await fs.mkdir(path.join(tags.home, '.aws'))
      await fs.writeFile(path.join(tags.home, '.aws/config'), '[profile previews]\nregion = ap-south-1\n')
      await write('wrong')
      const { code, message } = await tags.list()
      assert.deepEqual([code, /^InvalidSignatureException/.test(message!)], ['aws-credentials', true], message)
      await write(accessKey.secret)
      assert.equal((await tags.list()).code, entered)
      assert.equal(ecr.given.at(-1)!.region, 'ap-south-1')
    } finally {
      await tags.close()
    }
  })

  test('says what is wrong: no such key, no credentials, no region, a session that has ended, no server', async () => {
    const list = async (more: Record<string, string>) => {
      const { code, message } = await listTags(registry.repository, config(), env(more))
      return `${code} ${message}`
    }
    const unknown = { ...key, AWS_ACCESS_KEY_ID: 'AKIANOBODY' }
    assert.match(
      await list({ ...unknown, ...region }),
      /^aws-credentials UnrecognizedClientException: The security token/,
    )
    assert.match(await list(region), /^aws-credentials CredentialsProviderError: Could not load credentials/)
    assert.match(await list(key), /^aws-region Error: Region is missing/)
    ecr.refusal = 'ExpiredTokenException'
    assert.match(await list({ ...key, ...region, AWS_SESSION_TOKEN: 'ended' }), /^token-expired ExpiredTokenException/)
    ecr.refusal = undefined
    const noServer = `http://127.0.0.1:${await freePort()}`
    assert.match(await list({ ...key, ...region, AWS_ENDPOINT_URL_ECR: noServer }), /^registry-down .*ECONNREFUSED/)
  })

  test('a docker login of config.json serves who has no AWS credentials here', async () => {
    const auths = { [hostOf(registry.repository)]: { auth: auth() } }
    const { code } = await listTags(registry.repository, { ...config(), auths }, env(region))
    assert.equal(code, entered)
  })

  test('a token is kept, and renewed before it ends', async () => {
    const tags = await openTags(registry.repository, config(), env({ ...key, ...region }))
    try {
      const before = ecr.given.length
      ecr.life = 8_000
      assert.equal((await tags.list()).code, entered)
      assert.equal((await tags.list()).code, entered)
      assert.equal(ecr.given.length, before + 1)
      await sleep(4_100)
      ecr.life = 12 * 60 * 60_000
      assert.equal((await tags.list()).code, entered)
      assert.equal((await tags.list()).code, entered)
      assert.equal(ecr.given.length, before + 2)
      const [first, second] = ecr.given.slice(-2)
      assert.ok(second!.at < first!.endsAt)
    } finally {
      await tags.close()
    }
  })

  test('a token that ends early is renewed once, and a registry that refuses that too is not asked on and on', async () => {
    const tags = await openTags(registry.repository, config(), env({ ...key, ...region }))
    try {
      assert.equal((await tags.list()).code, entered)
      const before = ecr.given.length
      await ecr.endTokens()
      assert.equal((await tags.list()).code, entered)
      assert.equal(ecr.given.length, before + 1)

      // Renewing fails: the ended token is the reason, not the missing server.
      await ecr.endTokens()
      ecr.refusal = 'ServerException'
      assert.equal((await tags.list()).code, 'token-expired')
      ecr.refusal = undefined
      assert.equal((await tags.list()).code, entered)
    } finally {
      await tags.close()
    }
    const deaf = await startRegistry({ login: true })
    const denied = { credHelpers: { [hostOf(deaf.repository)]: 'ecr-login' } }
    try {
      const before = ecr.given.length
      assert.equal((await listTags(deaf.repository, denied, env({ ...key, ...region }))).code, 'credentials')
      assert.equal(ecr.given.length, before + 2)
    } finally {
      await deaf.close()
    }
  })
})

test('ECR is known by its registries’ names, which tell the region', () => {
  const rows: [string, string | undefined][] = [
    ['123456789012.dkr.ecr.eu-central-1.amazonaws.com', 'eu-central-1'],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['123456789012.dkr-ecr.us-east-1.on.aws', 'us-east-1'],
    ['123456789012.dkr.ecr.eu-central-1.amazonaws.com.example.com', undefined],
    ['dkr.ecr.eu-central-1.amazonaws.com', undefined],
    ['public.ecr.aws', undefined],
    ['127.0.0.1:5000', undefined],
  ]
  for (const [host, region] of rows) assert.equal(ecrRegion(host), region, host)
})

test('what AWS says is read as reasons', () => {
  const rows: [name: string, message: string, renewing: boolean, code: string][] = [
    ['UnrecognizedClientException', 'The security token included in the request is invalid.', false, 'aws-credentials'],
    ['CredentialsProviderError', 'Could not load credentials from any providers', true, 'aws-credentials'],
    ['AccessDeniedException', 'not authorized to perform: ecr:GetAuthorizationToken', true, 'aws-credentials'],
    ['CredentialsProviderError', 'The SSO session associated with this profile has expired.', false, 'token-expired'],
    ['ExpiredTokenException', 'The security token included in the request is expired', false, 'token-expired'],
    ['Error', 'Region is missing', false, 'aws-region'],
    ['ThrottlingException', 'Rate exceeded', false, 'rate-limited'],
    ['ThrottlingException', 'Rate exceeded', true, 'token-expired'],
    ['TimeoutError', 'connect ETIMEDOUT', false, 'registry-down'],
    ['TimeoutError', 'connect ETIMEDOUT', true, 'token-expired'],
  ]
  for (const [name, message, renewing, code] of rows) {
    const error = awsError(Object.assign(new Error(message), { name }), renewing)
    assert.equal(error.code, code, name)
    assert.ok(error.message.includes(message))
  }
})

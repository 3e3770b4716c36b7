import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { answers } from '../../testing/arbitraries/json.ts'
import { anyText } from '../../testing/arbitraries/texts.ts'
import { savedFor, splitReference, type Saved } from './docker-config.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-docker-config-'))
after(() => fs.rmSync(dir, { recursive: true }))

const host = 'registry.example.com:5000'
const password = 'hunter2-of-the-tests'

function saved(config: string): Saved {
  fs.writeFileSync(path.join(dir, 'config.json'), config)
  return savedFor(`${host}/team/app`, dir)
}

const encoded = (text: string) => Buffer.from(text).toString('base64')
const template = {
  auths: {
    [host]: { auth: encoded(`user:${password}`), username: 'user', password, identitytoken: '' },
    [`https://${host}/v1/`]: { identitytoken: password },
    [`${host}/team`]: { auth: encoded(`team:${password}`) },
    'other.example.com': { auth: encoded('other:one') },
  },
  credHelpers: { [host]: 'pass' },
  credsStore: 'desktop',
}
const isText = (value: unknown) => typeof value === 'string' && value !== ''

test('of any config.json comes a login that can be used, or an error that tells no secret', () => {
  fc.assert(
    fc.property(answers(template), (config) => {
      try {
        const { helper, store, ownLogin, login } = saved(config)
        for (const name of [helper, store]) assert.ok(name === undefined || isText(name))
        for (const one of [ownLogin, login])
          if (one) assert.ok('identitytoken' in one ? isText(one.identitytoken) : isText(one.username) && isText(one.password))
      } catch (error) {
        assert.ok(/^it is no JSON/.test((error as Error).message), String(error))
      }
    }),
    {
      numRuns: 300,
      examples: [
        // The parser's own words repeat what it cannot read.
        [`{"auths":{"x":{"password":${password}}}}`],
        ['null'],
        ['{"auths":null,"credHelpers":null,"credsStore":null}'],
        [`{"auths":{"${host}":null}}`],
        [`{"auths":{"${host}":{"auth":5}}}`],
      ],
    },
  ) // prettier-ignore
})

test('what is broken for one registry does not take another’s login', () => {
  const auths = { ...template.auths, 'broken.example.com': null, '': 5, [`http://${host}/`]: { auth: [] } }
  const { login } = saved(JSON.stringify({ auths, credHelpers: [], credsStore: 7 }))
  assert.deepEqual(login, { username: 'user', password, serveraddress: host })
})

test('a repository has the login of the longest part of its name that has one, else its registry’s', () => {
  const login = (username: string) => ({ auth: encoded(`${username}:x`) })
  const auths = {
    [`https://${host}/v1/`]: login('host'),
    [`${host}/team`]: login('team'),
    [`${host}/team/api/`]: login('api'),
    [`${host}/team/api/deep/er`]: login('deeper'),
    [`${host}/team/empty`]: {},
    'other.example.com/team/web': login('other'),
    'docker.io/team': login('hub'),
    'index.docker.io/v1/': login('hubs'),
  }
  fs.writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ auths }))
  const table: [reference: string, username: string | undefined][] = [
    [`${host}/team/api:pr-7`, 'api'],
    [`${host}/team/api/deep@sha256:abc`, 'api'],
    [`${host}/team/web`, 'team'],
    [`${host}/team/apis`, 'team'],
    [`${host}/team/empty`, 'team'],
    [`${host}/teams/api`, 'host'],
    ['other.example.com/team/web', 'other'],
    ['other.example.com/team', undefined],
    ['team/app', 'hub'],
    ['nginx', 'hubs'],
  ]
  for (const [reference, username] of table) {
    const { ownLogin, login } = savedFor(reference, dir)
    assert.equal((ownLogin ?? login) && Object.values((ownLogin ?? login)!)[0], username, reference)
  }
})

test('a login that `docker login` writes comes back', () => {
  const username = anyText.filter((text) => text !== '' && !text.includes(':') && text.isWellFormed())
  const secret = anyText.filter((text) => !/^$|\0$/.test(text) && text.isWellFormed())
  fc.assert(
    fc.property(username, secret, fc.constantFrom('', '\0', '\0\0'), (username, password, padding) => {
      const config = { auths: { [host]: { auth: encoded(`${username}:${password}${padding}`) } } }
      assert.deepEqual(saved(JSON.stringify(config)).login, { username, password, serveraddress: host })
    }),
  )
})

test('any reference has a host and a name, and one of both comes back', () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,8}(\/[a-z0-9]{1,8}){0,2}$/)
  const hosts = fc.constantFrom('localhost', 'localhost:5000', 'registry.example.com', '127.0.0.1:1', '[::1]:5000')
  const end = fc.constantFrom('', ':tag', '@sha256:ab', ':tag@sha256:ab')
  fc.assert(
    fc.property(hosts, name, end, (host, name, end) => {
      assert.deepEqual(splitReference(`${host}/${name}${end}`), { host, name })
    }),
  )
  fc.assert(
    fc.property(anyText, (text) => {
      const { host, name } = splitReference(text)
      assert.ok(host !== '' && typeof name === 'string')
    }),
  )
})

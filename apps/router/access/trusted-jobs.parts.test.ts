/** CI jobs by their own OpenID tokens: each part of one tried wrong, against a key server on loopback. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startKeyServer } from '../../testing/clients/key-server.ts'
import { until } from '../../testing/harness/until.ts'
import { openBed } from '../admin/harness.ts'

const gitlab = await startKeyServer()
const github = await startKeyServer()
const untrusted = await startKeyServer()
const publicUrl = 'https://previews.example.com'
const bed = await openBed({
  LOTAN_PUBLIC_URL: publicUrl,
  LOTAN_OIDC_TRUST: `gitlab:team/sub/app@${gitlab.issuer} github:owner/app@${github.issuer}`,
})
after(async () => {
  await bed.close()
  for (const each of [gitlab, github, untrusted]) await each.close()
})

const now = () => Math.floor(Date.now() / 1_000)
const ofGitlab = () => ({
  iss: gitlab.issuer,
  aud: publicUrl,
  exp: now() + 300,
  iat: now(),
  project_path: 'team/sub/app',
})
const ofGithub = () => ({ iss: github.issuer, aud: publicUrl, exp: now() + 300, iat: now(), repository: 'owner/app' })

const ask = (token: string, method = 'GET', path = '/previews') =>
  bed.api(path, { method, headers: { Authorization: `Bearer ${token}` } })

test('a job of a trusted repository may what `run` may, and is told by its repository', async () => {
  for (const [token, who] of [
    [await gitlab.sign(ofGitlab()), 'gitlab:team/sub/app'],
    [await github.sign(ofGithub()), 'github:owner/app'],
    [await gitlab.sign({ ...ofGitlab(), aud: ['other', publicUrl] }), 'gitlab:team/sub/app'],
    // Clocks differ.
    [await gitlab.sign({ ...ofGitlab(), exp: now() - 5 }), 'gitlab:team/sub/app'],
  ] as const) {
    assert.equal((await ask(token)).status, 200)
    assert.equal((await ask(token, 'GET', '/tokens')).status, 403)
    const tag = `by-${who.replace(/\W/g, '-')}`
    assert.equal((await ask(token, 'POST', `/previews/${tag}/start`)).status, 202)
    assert.equal(bed.store.history(tag)[0]?.who, who)
    assert.ok(!bed.lines.some((line) => line.includes(token)))
  }
})

test('each part of a token that is wrong is refused', async () => {
  const right = ofGitlab()
  const without = (name: keyof typeof right) =>
    Object.fromEntries(Object.entries(right).filter(([key]) => key !== name))
  const good = await gitlab.sign(right)
  const cases: [what: string, token: string][] = [
    ['another audience', await gitlab.sign({ ...right, aud: 'https://previews.example.org' })],
    ['the audience with a path', await gitlab.sign({ ...right, aud: `${publicUrl}/` })],
    ['no audience', await gitlab.sign(without('aud'))],
    ['another issuer', await untrusted.sign({ ...right, iss: untrusted.issuer })],
    ['another issuer’s key under this one’s name', await untrusted.sign(right)],
    ['this key under another issuer’s name', await gitlab.sign({ ...right, iss: untrusted.issuer })],
    ['the other trusted issuer’s key', await github.sign(right)],
    ['no issuer', await gitlab.sign(without('iss'))],
    ['another repository', await gitlab.sign({ ...right, project_path: 'team/sub/other' })],
    ['a repository that begins the same', await gitlab.sign({ ...right, project_path: 'team/sub/app-fork' })],
    ['a list of repositories', await gitlab.sign({ ...right, project_path: ['team/sub/app'] })],
    ['no repository', await gitlab.sign(without('project_path'))],
    ['a GitLab that says what GitHub says', await gitlab.sign({ ...without('project_path'), repository: 'owner/app' })],
    ['the repository of the other forge', await gitlab.sign({ ...right, project_path: 'owner/app' })],
    ['over', await gitlab.sign({ ...right, exp: now() - 60 })],
    ['no end', await gitlab.sign(without('exp'))],
    ['not yet', await gitlab.sign({ ...right, nbf: now() + 600 })],
    ['another key', await gitlab.sign(right, { wrongKey: true })],
    ['a key that is not known', await gitlab.sign(right, { kid: 'two' })],
    ['unsigned', gitlab.unsigned(right)],
    ['signed with the public key as a secret', await gitlab.signedByPublicKey(right)],
    ['another content under its signature', [good.split('.')[0], (await gitlab.sign({ ...right, x: 1 })).split('.')[1], good.split('.')[2]].join('.')], // prettier-ignore
    ['cut', good.slice(0, -4)],
    ['no token', 'eyJ.eyJ.x'],
  ]
  for (const [what, token] of cases) {
    const answer = await ask(token)
    assert.equal(answer.status, 401, what)
    assert.equal(answer.json.status, 401)
  }
  assert.equal((await ask(good)).status, 200)
  assert.equal(untrusted.asked(), 0, 'whose tokens are not trusted is not asked for keys')
  // Tokens that name a key that is not known do not make Lotan ask for keys each time.
  const before = gitlab.asked()
  for (let i = 0; i < 20; i++) await ask(await gitlab.sign(right, { kid: `made-up-${i}` }))
  assert.ok(gitlab.asked() - before <= 1, `${gitlab.asked() - before}`)
})

test('a key server that is away is a 503 that says so, not a wrong token, and is asked again later', async () => {
  const away = await startKeyServer()
  away.works(false)
  const other = await openBed({ LOTAN_PUBLIC_URL: publicUrl, LOTAN_OIDC_TRUST: `gitlab:team/app@${away.issuer}` })
  try {
    const token = await away.sign({ ...ofGitlab(), iss: away.issuer, project_path: 'team/app' })
    const get = () => other.api('/previews', { headers: { Authorization: `Bearer ${token}` } })
    const answer = await get()
    assert.equal(answer.status, 503)
    assert.match(answer.json.detail, /the server with the keys of its issuer does not answer Lotan/)
    assert.ok(answer.headers['retry-after'])
    const asked = away.asked()
    for (let i = 0; i < 10; i++) assert.equal((await get()).status, 503)
    assert.ok(away.asked() - asked <= 3, 'it rests')
    assert.equal((await other.api('/previews')).status, 200)
    away.works(true)
    await until('it is asked again', async () => (await get()).status === 200)
  } finally {
    await other.close()
    await away.close()
  }
})

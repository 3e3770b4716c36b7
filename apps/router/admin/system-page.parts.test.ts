import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { violationsEverywhere } from '../../testing/harness/axe.ts'
import { goTo } from '../../testing/harness/browser.ts'
import { until } from '../../testing/harness/until.ts'
import { browse } from './browse.ts'
import { bringUp, openBed, token, type Ask } from './harness.ts'

const bed = await openBed({ LOTAN_CONTAINER_ENV_DB_PASSWORD: 'hunter2hunter2' })
after(() => bed.close())
const { ask, store } = bed
const cookie = await bed.cookie()
const page = async () => (await ask('/system', { headers: { Cookie: cookie } })).text

function post(
  uri: string,
  fields: Record<string, string> = {},
  headers: Ask['headers'] = { 'Sec-Fetch-Site': 'same-origin' },
) {
  const body = new URLSearchParams(fields).toString()
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
  return ask(uri, { method: 'POST', body, headers: { Cookie: cookie, ...type, ...headers } })
}

const told: Record<string, unknown> = {
  '/engine': { version: '28.1' },
  '/machine': { engine: '28.1', disk: { total: 80e9, free: 40e9, root: '/var/lib/docker' }, memory: { total: 8e9, available: 4e9 } },
  '/figures': { containers: {} },
  '/watched': { open: null, updatesAt: null },
  '/in-force': { settings: bed.config.inForce.settings, variables: [] },
  '/images': { images: [] },
  '/registry': { health: null },
} // prettier-ignore
const answers = () => bed.reaper((req, res) => void res.end(JSON.stringify(told[req.url!] ?? {})))

test('the page comes while nothing answers, and says what is away; the engine is asked once for many readers', async () => {
  bed.reaper(() => {})
  bed.redis.kill('SIGSTOP')
  const pages = await Promise.all([page(), page(), page()])
  bed.redis.kill('SIGCONT')
  for (const text of pages) {
    for (const words of [
      '3 things wrong',
      'Redis does not answer.</b> Lotan starts it again',
      'The reaper does not answer.',
      'nginx does not answer.',
      'How much the machine has is not known now',
    ])
      assert.ok(text.includes(words), words)
    for (const secret of ['hunter2', token]) assert.ok(!text.includes(secret))
  }
  let asked = 0
  bed.reaper((req, res) => {
    if (req.url === '/images') asked++
    res.end(JSON.stringify(told[req.url!] ?? {}))
  })
  await until('what was gathered is old', async () => /28\.1/.test(await page()))
  await Promise.all([page(), page(), page()])
  assert.equal(asked, 1)
})

test('it needs an admin', async () => {
  assert.equal((await ask('/system')).status, 401)
  const { secret } = await make('reader', 'read')
  for (const uri of ['/system', '/tokens', '/sessions/x/end', '/tokens/x/remove']) {
    const method = uri === '/system' ? 'GET' : 'POST'
    assert.equal((await ask(uri, { method, headers: { Authorization: `Bearer ${secret}` } })).status, 403, uri)
  }
})

async function make(name: string, can: string, more: Record<string, string> = {}) {
  const { status, text } = await post('/tokens', { name, can, match: '', for: '', ...more })
  return { status, text, secret: /<pre id="secret"[^>]*>([^<]+)<\/pre>/.exec(text)?.[1] ?? '' }
}

/** What is said of a session or a token, so that a failed test prints no more. */
function rowOf(text: string, name: string): string {
  return text.split('<tr>').find((row) => row.startsWith(`<th scope="row">${name}</th>`)) ?? `${name} has no row`
}

test('a token is made with a form, is shown this once, works, and is revoked', async () => {
  answers()
  const { status, text, secret } = await make('ci', 'run', { match: '^pr%-', for: '90d' })
  assert.equal(status, 201)
  assert.match(text, /The token ci is made/)
  assert.match(secret, /^lotan_[\w-]{43}$/)
  const use = () => ask('/api/v1/previews', { headers: { Authorization: `Bearer ${secret}` } })
  assert.equal((await use()).status, 200)
  const again = await page()
  assert.ok(!again.includes(secret) && again.includes('/tokens/ci/remove'))
  assert.match(rowOf(again, 'ci'), /<code>\^pr%-<\/code>, ends in (89.d.23.h|90.d), used now/)

  for (const [fields, code, says] of [
    [{ name: 'ci', can: 'run' }, 409, /There is a token ci/],
    [{ name: 'no good', can: 'run' }, 400, /name has letters/],
    [{ name: 'x', can: 'run', match: '%' }, 400, /Lua pattern/],
    [{ name: 'x', can: 'run', for: 'ever' }, 400, /number of hours/],
    [{ name: 'x', can: 'admin', match: 'a' }, 400, /has no match/],
    [{}, 400, /name has letters/],
  ] as const) {
    const answer = await post('/tokens', { ...fields })
    assert.equal(answer.status, code)
    assert.match(answer.text, says)
    assert.match(answer.text, /<details class="fold" id="new-token" open>/)
  }
  assert.equal((await post('/tokens/ci/remove', {}, { 'Sec-Fetch-Site': 'cross-site' })).status, 403)
  const gone = await post('/tokens/ci/remove')
  assert.deepEqual([gone.status, gone.headers.location], [303, '/system#tokens'])
  assert.equal((await use()).status, 401)
  assert.equal((await post('/tokens/ci/remove')).status, 303, 'what is gone is gone')
  assert.equal(
    bed.lines.filter((line) => /"token (made|removed)"/.test(line) && line.includes('"name":"ci"')).length,
    2,
  )
})

test('another’s session is ended from here, and one’s own is logged out of', async () => {
  const { headers } = await ask(`/login?token=${token}`, { headers: { 'User-Agent': 'curl/8.1' } })
  const other = headers['set-cookie']![0]!.split(';')[0]!
  const text = await page()
  const [end] = /\/sessions\/\w+\/end/.exec(text)!
  assert.equal(text.match(/formaction="\/logout"/g)!.length, 1)
  assert.match(text, /<td class="from last"[^>]*>curl, 192\.0\.2\.1, now/)
  const ended = await post(end)
  assert.deepEqual([ended.status, ended.headers.location], [303, '/system#sessions'])
  assert.equal((await ask('/', { headers: { Cookie: other } })).status, 401)
  assert.ok(!(await page()).includes(end))
})

test(
  'in a browser it is live, and axe finds nothing wrong with it in any size and colour',
  { timeout: 300_000 },
  async () => {
    answers()
    for (const tag of ['red', 'a-tag-that-is-as-long-as-the-hash-of-a-commit-and-then-goes-on-and-on-until-the-end'])
      bringUp(tag, bed)
    store.facts.set('firewall', { why: 'previews can reach the services of this machine itself' })
    await make('a-name-of-the-greatest-length-that-there-is-0123456789-0123456789', 'admin')
    const { page: tab, address, errors, close } = await browse(bed)
    try {
      await goTo(tab, `${address}/system`)
      await tab.getByText('Previews can reach the services').waitFor()
      await tab.locator('#new-token summary').click()
      assert.deepEqual(await violationsEverywhere(tab), [])

      await tab.getByLabel('Name', { exact: true }).fill('typed')
      store.facts.set('firewall', { why: null })
      store.apply('red', { type: 'stop', why: 'asked' })
      await tab.getByText('Previews can reach the services').waitFor({ state: 'hidden' })
      assert.equal(await tab.getByLabel('Name', { exact: true }).inputValue(), 'typed', 'what one types stays')

      const still = await tab.context().browser()!.newPage({ javaScriptEnabled: false })
      await goTo(still, `${address}/login?token=${token}`)
      await goTo(still, `${address}/system`)
      await still.locator('#new-token summary').click()
      await still.getByLabel('Name', { exact: true }).fill('typed')
      await still.getByRole('button', { name: 'Make the token' }).click()
      await still.getByText('The token typed is made').waitFor()
      await still.getByRole('button', { name: 'Revoke typed' }).click()
      await still.waitForURL(`${address}/system#tokens`)
      assert.equal(await still.getByRole('button', { name: 'Revoke typed' }).count(), 0)
      assert.deepEqual(errors, [])

      await goTo(tab, `${address}/api`)
      assert.deepEqual(await violationsEverywhere(tab), [])
    } finally {
      await close()
    }
  },
)

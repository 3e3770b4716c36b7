/** Who is told who is inside a preview: whoever may look inside too. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { bringUp, openBed, type Bed } from './admin/harness.ts'

const beds: Bed[] = []
after(() => Promise.all(beds.map((bed) => bed.close())))

async function openWith(settings: Record<string, string>): Promise<Bed> {
  const bed = await openBed(settings)
  beds.push(bed)
  bringUp('red', bed)
  const session = { preview: 'red', kind: 'exec', via: 'api', address: '192.0.2.1', container: null, opened: 1_763_700_000_000 } as const // prettier-ignore
  bed.store.shellSessions.open({ ...session, id: 's1', service: 'db', program: 'psql', who: 'anna' })
  bed.store.shellSessions.open({ ...session, id: 's2', service: null, program: null, who: 'token ci', preview: 'blue' })
  return bed
}

async function tokenOf(bed: Bed, can: string): Promise<{ Authorization: string }> {
  const body = JSON.stringify({ name: can, can })
  const { json } = await bed.api('/tokens', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })
  return { Authorization: `Bearer ${json.token}` }
}

test('a program is told by scope: names for who may look inside, else only that a session is open', async () => {
  const bed = await openWith({ LOTAN_SHELL: 'on' })
  const [reader, shell] = await Promise.all(['run', 'shell'].map((can) => tokenOf(bed, can)))
  const ask = async (uri: string, headers = {}) => (await bed.ask(`/api/v1${uri}`, { headers })).json
  assert.deepEqual((await ask('/previews/red', shell)).sessions, [
    { who: 'anna', kind: 'exec', service: 'db', program: 'psql', via: 'api', since: '2025-11-21T04:40:00.000Z' },
  ])
  assert.equal('sessions' in (await ask('/previews/red', reader)), false)
  assert.match((await ask('/previews/red/explain', shell)).awake.words, /; anna is inside, which counts while bytes/)
  const told = (await ask('/previews/red/explain', reader)).awake.words
  assert.match(told, /; a session is open inside, which counts while bytes/)
  assert.doesNotMatch(told, /anna/)
})

test('the admin’s pages show it; and nothing where the way in is off', async () => {
  for (const [settings, isShown] of [
    [{ LOTAN_SHELL: 'on' }, true],
    [{}, false],
  ] as const) {
    const bed = await openWith(settings)
    const Cookie = await bed.cookie()
    const page = async (uri: string) => (await bed.ask(uri, { headers: { Cookie } })).text
    const preview = await page('/previews/red')
    const system = await page('/system')
    assert.equal(preview.includes('>anna</strong>: psql run in db'), isShown)
    assert.equal(/anna is inside/.test(preview), isShown)
    assert.doesNotMatch(preview, /token ci/)
    assert.equal(/Inside previews/.test(system), isShown)
    assert.equal(/token ci<\/th>.*href="\/previews\/blue"/.test(system), isShown)
  }
})

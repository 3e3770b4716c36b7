/** CI jobs where a forge is configured: each may act on the tags of its own repository's images, and on no others. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startKeyServer } from '../../testing/clients/key-server.ts'
import { openBed } from '../admin/harness.ts'

const github = await startKeyServer()
const publicUrl = 'https://previews.example.com'
const bed = await openBed({
  LOTAN_PUBLIC_URL: publicUrl,
  REPOSITORY: 'reg.example.com/web',
  LOTAN_REPOSITORIES: 'api=reg.example.com/api docs=reg.example.com/docs',
  LOTAN_FORGE: 'github',
  LOTAN_FORGE_TAG: 'change-{number}',
  LOTAN_FORGE_REPOSITORY: 'Team/Web api=team/mono docs=team/mono',
  LOTAN_OIDC_TRUST: ['team/web', 'team/mono', 'team/else'].map((name) => `github:${name}@${github.issuer}`).join(' '),
})
after(async () => {
  await bed.close()
  await github.close()
})

test('a job acts on the tags of the repositories that LOTAN_FORGE_REPOSITORY maps its own to', async () => {
  const now = Math.floor(Date.now() / 1_000)
  for (const [repository, expected] of [
    ['team/web', [202, 403, 403]],
    ['team/mono', [403, 202, 202]],
    ['team/else', [403, 403, 403]],
  ] as const) {
    const token = await github.sign({ iss: github.issuer, aud: publicUrl, exp: now + 300, iat: now, repository })
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const add = async (of: string) =>
      (await bed.api(`${of}/previews`, { method: 'POST', headers, body: '{"tag":"v1"}' })).status
    assert.deepEqual(
      [await add(''), await add('/repositories/api'), await add('/repositories/docs')],
      expected,
      repository,
    )
    const seen = (await bed.api('/previews', { headers })).json as { repository: string }[]
    const mapped = ['', 'api', 'docs'].filter((_, i) => expected[i] === 202)
    assert.ok(seen.every((preview) => mapped.includes(preview.repository)))
  }
})

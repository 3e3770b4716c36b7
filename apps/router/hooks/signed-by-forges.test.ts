import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openGitea } from '../../testing/forges/gitea.ts'
import { openGitLab } from '../../testing/forges/gitlab.ts'
import { deliveryOf } from './body.ts'
import { toldByGitea } from './payloads/gitea.ts'
import { toldByGitlab } from './payloads/gitlab.ts'
import { isSigned } from './signature.ts'

const options = { token: 'a-token', hookSecret: 'a-secret' }

test('a hook of GitLab is believed by its secret token, tells its change, and names the delivery that is sent again', async () => {
  const gitlab = await openGitLab(options)
  try {
    const { number } = gitlab.openChange({ fork: true })
    gitlab.push(number)
    const { headers, body } = gitlab.hook('pushed', number, { delivery: 'one-delivery' })
    assert.ok(isSigned('gitlab', headers, Buffer.from(body), 'a-secret'))
    assert.ok(!isSigned('gitlab', headers, Buffer.from(body), 'another'))
    assert.match(deliveryOf(headers, 'gitlab') ?? '', /one-delivery/)
    const { change } = toldByGitlab(JSON.parse(body))!
    assert.deepEqual([change?.number, change?.sha, change?.fork], [number, gitlab.change(number).sha, true])
    gitlab.merge(number)
    assert.equal(toldByGitlab(JSON.parse(gitlab.hook('merged', number).body))?.change?.state, 'merged')
  } finally {
    await gitlab.stop()
  }
})

for (const isForgejo of [false, true])
  test(`a hook of ${isForgejo ? 'Forgejo' : 'Gitea'} is believed by its signature, and tells its change`, async () => {
    const gitea = await openGitea({ ...options, isForgejo })
    try {
      const { number } = gitea.openWithoutBranch()
      const { headers, body } = gitea.hook('pushed', number, { delivery: 'one-delivery' })
      assert.ok(isSigned('gitea', headers, Buffer.from(body), 'a-secret'))
      assert.ok(!isSigned('gitea', headers, Buffer.from(`${body} `), 'a-secret'))
      assert.match(deliveryOf(headers, 'gitea') ?? '', /one-delivery/)
      const { change } = toldByGitea(headers[isForgejo ? 'x-forgejo-event' : 'x-gitea-event']!, JSON.parse(body))!
      assert.deepEqual([change?.number, change?.sha, change?.fork], [number, gitea.change(number).sha, true])
    } finally {
      await gitea.stop()
    }
  })

/** A pull request from its opening to its merge: all is real but the forge, whose calls its own description checks. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { HookEvent, StandInForge } from '../testing/forges/forge.ts'
import { openGitHub } from '../testing/forges/github.ts'
import { startLotan, type Lotan, type PartName } from '../testing/harness/lotan.ts'
import { until } from '../testing/harness/until.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

const token = 'github_pat_of-the-forge-part-alone'
const hookSecret = 'what-the-hooks-are-signed-with'
const within = { within: 60_000 }

describe('a pull request', { timeout: 200_000 }, () => {
  let registry: Registry
  let github: StandInForge
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    github = await openGitHub({ token, hookSecret })
    lotan = await startLotan({
      repository: registry.repository,
      env: {
        LOTAN_FORGE: 'github',
        LOTAN_FORGE_API: github.api,
        LOTAN_FORGE_REPOSITORY: github.repository,
        LOTAN_FORGE_TOKEN: token,
        LOTAN_FORGE_SAYS: 'comment status deployment',
        LOTAN_FORGE_VERIFY: '1',
        LOTAN_CLOSED_MINUTES: '0.02',
        LOTAN_HOOK_SECRET: hookSecret,
        IMAGE_REFRESH_INTERVAL_MINUTES: '0.03',
        LOTAN_GRACE_SECONDS: '2',
      },
    })
  })
  after(async () => {
    await lotan?.stop()
    await github?.stop()
    await registry?.close()
  })

  const tell = async (event: HookEvent, number: number) => {
    const host = new URL(lotan.admin).host
    const { status } = await lotan.ask({ host, method: 'POST', path: '/hooks/forge', ...github.hook(event, number) })
    assert.equal(status, 202)
  }
  const statusOf = (sha: string) => {
    const { state, description } = github.statuses(sha).at(-1) ?? {}
    return `${state}: ${description}`
  }

  test('shows the true state of its preview, and takes it along when it is merged', async () => {
    const { number, sha } = github.openChange({ title: 'Blue buttons', author: 'anna' })
    const tag = `pr-${number}`
    const comment = () => github.comments(number).map(({ text }) => text).join('\n') // prettier-ignore
    const push = (page: string, revision: string) =>
      publishSmall(`${registry.repository}:${tag}`, page, { labels: { 'org.opencontainers.image.revision': revision } })

    await tell('opened', number)
    await until('its status is pending', () => /^pending: Waits for the image/.test(statusOf(sha)), within)
    await until('its comment says so', () => /once the build has pushed/.test(comment()), within)
    assert.equal(lotan.store.get(tag), undefined)

    // As common build actions do: the image is of the commit that tests head and base together.
    await push('first', github.testMerge(number))
    await until('it was started, and answered', () => /^success: It answered after/.test(statusOf(sha)), within)
    await until('its comment tells after how long', () => /It answered.*\n.*\n.*after \d/.test(comment()), within)
    await until('its deployment leads there', () => github.deployments()[0]?.states.at(-1)?.state === 'success', within)
    assert.match((await lotan.request(tag)).text, /first/)

    const next = github.push(number)
    await tell('pushed', number)
    await until('the new head waits', () => /^pending: Shows .*, 1 commit behind/.test(statusOf(next)), within)
    await until('its comment tells how far behind it is', () => /\*\*1 commit behind\*\*/.test(comment()), within)
    assert.match(statusOf(sha), /^success/)
    await push('second', next)
    await until('the new image answers', () => /^success: It answered/.test(statusOf(next)), within)
    await until('its visitors have it', async () => (await lotan.request(tag)).text.includes('second'), within)

    github.merge(number)
    await tell('merged', number)
    await until('its link says so', async () => (await lotan.request(tag)).status === 410, within)
    await until('its comment says so', () => new RegExp(`removed\\*\\*, #${number} is merged`).test(comment()), within)
    await until('its deployments are gone', () => github.deployments().length === 0, within)
    await until(
      'container and row are gone',
      async () =>
        !lotan.store.get(tag) && (await lotan.containers()).every(({ Labels }) => Labels['lotan.tag'] !== tag),
      within,
    )
    assert.equal(github.comments(number).length, 1)
    assert.deepEqual(github.violations, [])
  })

  test('has a token that one part alone sees', async () => {
    const parts: PartName[] = ['router', 'queue-processor', 'reaper', 'forge', 'nginx', 'redis']
    const environments = await Promise.all(
      parts.map((part) => fs.readFile(`/proc/${lotan.part(part)}/environ`, 'utf8')),
    )
    assert.deepEqual(parts.filter((_, i) => environments[i]!.includes(token)), ['forge']) // prettier-ignore
    assert.ok(!(await lotan.output()).includes(token))
  })
})

/** The forge part as a process, against a GitHub that checks each call by GitHub's own description. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import type { Event } from '../shared/preview/event.ts'
import { until } from '../testing/harness/until.ts'
import { comingUp, digestOf, openBed, type Bed } from './harness.ts'

const several = {
  LOTAN_REPOSITORIES: 'api=registry.example.com/team/api web=registry.example.com/team/web',
  LOTAN_FORGE_REPOSITORY: 'api=team/app web=team/none',
  LOTAN_FORGE_SAYS: 'comment',
}
const within = { within: 20_000 }
/** Each has a forge of its own. They mostly wait, so they run side by side. */
function story(
  name: string,
  env: Record<string, string>,
  tell: (bed: Bed, told: ReturnType<typeof reading>) => Promise<void>,
) {
  test(name, async () => {
    const bed = await openBed(env)
    try {
      await tell(bed, reading(bed))
    } finally {
      await bed.close()
    }
    assert.deepEqual(bed.github.violations, [])
  })
}

const reading = ({ github }: Bed) => ({
  statusOf: (sha: string) => github.statuses(sha).findLast(({ context }) => context === 'lotan/preview'),
  commentOf: (number: number) => github.comments(number)[0]?.text ?? '',
})

describe('the forge part', { concurrency: 4 }, () => {
  story(
    'a change is read, and told of what its preview is: no image yet, opens on a click, behind, merged',
    { LOTAN_FORGE_SAYS: 'comment status deployment' },
    async (bed, { statusOf, commentOf }) => {
      const { github, store } = bed
      const { number, sha } = github.openChange({ title: 'Add @everyone **now**' })
      bed.start()

      await until('it is told', () => statusOf(sha) && commentOf(number), within)
      assert.equal(store.changes.get({ repository: '', number })?.sha, sha)
      assert.deepEqual(
        [statusOf(sha)!.state, statusOf(sha)!.description],
        ['pending', `Waits for the image pr-${number}`],
      )
      assert.match(commentOf(number), new RegExp(`^<!-- lotan:preview:todowrangler:${number} -->\n\\*\\*Preview\\*\\*`))
      assert.deepEqual(github.deployments(), [])

      bed.push(`pr-${number}`, sha)
      await until('its image is told', () => statusOf(sha)?.state === 'success', within)
      assert.equal(statusOf(sha)!.description, `Opens on a click (${sha.slice(0, 7)})`)
      assert.equal(statusOf(sha)!.url, `http://pr-${number}.${bed.config.domain}`)
      await until('the comment too', () => commentOf(number).includes('**[Open the preview]('), within)
      await until('and the deployment', () => github.deployments()[0]?.states.at(-1)?.state === 'success', within)

      const newer = github.push(number)
      bed.hint(number)
      await until('the push is told', () => statusOf(newer), within)
      await until('how far it is behind', () => /\*\*1 commit behind\*\*/.test(commentOf(number)), within)
      assert.equal(statusOf(newer)!.state, 'pending')
      assert.match(statusOf(newer)!.description!, /1 commit behind: waits for the image of/)

      github.merge(number)
      bed.hint(number)
      await until('its end is told', () => commentOf(number).includes(`#${number} is merged`), within)
      await until('its deployment is gone', () => github.deployments().length === 0, within)
      await until('that is noted', () => store.changes.said({ repository: '', number }).over, within)
      assert.equal(github.comments(number).length, 1)
      assert.equal(store.changes.get({ repository: '', number })?.state, 'merged')
      // Of its whole life. docs/pull-requests.md tells of it.
      assert.deepEqual([bed.written('/comments').length, bed.written('/statuses/').length], [4, 3])
    },
  )

  story(
    'a part that is killed between a write and its record leaves one comment and one deployment',
    { LOTAN_FORGE_SAYS: 'comment deployment' },
    async (bed) => {
      const { github } = bed
      const { number, sha } = github.openChange()
      bed.push(`pr-${number}`, sha)
      for (const [what, kept] of [
        ['comments', 'comment'],
        ['deployments', 'deployments'],
      ] as const) {
        // What was asked is done, and its answer never ends.
        const only = (method: string, path: string) => method === 'POST' && path.endsWith(what)
        github.trouble({ is: 'drips', times: 1, only })
        const part = bed.start()
        await until(`${what} are written`, () => bed.written(what).some(({ method }) => method === 'POST'), within)
        assert.equal(kept in bed.store.changes.said({ repository: '', number }), false)
        await part.end('SIGKILL')
      }
      bed.start()
      await until(
        'both are noted',
        () =>
          String(bed.store.changes.said({ repository: '', number }).deployments?.map(({ state }) => state)) ===
          'success',
        within,
      )
      await until('the comment is', () => bed.store.changes.said({ repository: '', number }).comment?.id, within)
      assert.equal(github.comments(number).length, 1)
      const up = github.deployments().filter(({ states }) => states.at(-1)?.state === 'success')
      assert.equal(up.length, 1)
    },
  )

  story(
    'a comment that a person deleted stays deleted until the next push, and then there is one',
    { LOTAN_FORGE_SAYS: 'comment' },
    async (bed) => {
      const { github, store } = bed
      const { number, sha } = github.openChange()
      bed.start()
      await until('it is told', () => store.changes.said({ repository: '', number }).comment?.id, within)
      github.deleteComment(number, github.comments(number)[0]!.id)
      bed.push(`pr-${number}`, sha)
      await until(
        'Lotan finds it gone',
        () => store.changes.said({ repository: '', number }).comment?.deletedAt === sha,
        within,
      )
      assert.deepEqual(github.comments(number), [])

      // Another reason to write: it stays deleted.
      bed.push(`pr-${number}`, sha, 'another')
      const seen = github.asked.length
      await until('all is read once more', () => github.asked.length > seen + 2, within)
      assert.deepEqual(github.comments(number), [])

      github.push(number)
      await until('it is made again', () => github.comments(number).length === 1, within)
    },
  )

  story(
    'twenty pushes in ten seconds are at most three writes of each kind, and the last one is told',
    { LOTAN_FORGE_INTERVAL_MINUTES: '5', LOTAN_FORGE_SAYS: 'comment status' },
    async (bed, { statusOf, commentOf }) => {
      const { github } = bed
      const { number, sha } = github.openChange()
      bed.push(`pr-${number}`, sha)
      bed.start()
      let last = sha
      let pushes = 0
      const began = performance.now()
      await until(
        'all are pushed',
        () => {
          if (performance.now() - began < pushes * 500) return false
          last = github.push(number)
          bed.hint(number)
          return ++pushes === 20
        },
        { every: 10 },
      )
      await until(
        'the last one is told',
        () => statusOf(last) && commentOf(number).includes('20 commits behind'),
        within,
      )
      assert.ok(bed.written('/statuses/').length <= 3, JSON.stringify(bed.written('/statuses/')))
      assert.ok(bed.written('/comments').length <= 3, JSON.stringify(bed.written('/comments')))
    },
  )

  story(
    'a forge that was away is right again within one interval, and asked no more often than it wants',
    { LOTAN_FORGE_SAYS: 'comment' },
    async (bed, { commentOf }) => {
      const { github, store } = bed
      const gone = github.openChange().number
      const stays = github.openChange().number
      bed.start()
      await until('both are told', () => commentOf(gone) && commentOf(stays), within)

      await github.goAway()
      await until('it is noted', () => store.facts.get('forge')?.away?.why === 'down', within)
      github.close(gone)
      const comes = github.openChange().number
      await github.comeBack()
      await until(
        'the closed one is known',
        () => store.changes.get({ repository: '', number: gone })?.state === 'closed',
        within,
      )
      await until('and the new one told', () => commentOf(comes) && commentOf(gone).includes('is closed'), within)
      await until('that is noted', () => store.facts.get('forge') === undefined, within)

      const retryAfter = 2
      github.trouble({ is: 'limited', status: 403, retryAfter, times: 1 })
      const before = github.asked.length
      const limited = await until(
        'it is limited',
        () => github.asked.slice(before).find(({ status }) => status === 403),
        within,
      )
      const next = await until('it is asked again', () => github.asked.find(({ at }) => at > limited.at), within)
      assert.ok(next.at - limited.at >= retryAfter * 1_000 - 20, `${next.at - limited.at} ms`)
    },
  )

  story(
    'a missing right leaves the other sayings alone, and is told to the admin',
    { LOTAN_FORGE_SAYS: 'comment status' },
    async (bed, { commentOf }) => {
      const { github, store } = bed
      github.rights.statuses = 'read'
      const { number } = github.openChange()
      const part = bed.start()
      await until('the comment is there', () => commentOf(number), within)
      await until('the right is noted', () => store.facts.get('forge')?.lacks.includes('status'), within)
      assert.equal(part.output().match(/does not let Lotan write a status/g)?.length, 1)
    },
  )

  story(
    'each new image is started once, and its status says that it answered, or why not',
    { LOTAN_FORGE_VERIFY: '1', LOTAN_FORGE_SAYS: 'status comment', LOTAN_MAX_RUNNING: '1' },
    async (bed, { statusOf, commentOf }) => {
      const { github, store } = bed
      const { number, sha } = github.openChange()
      const tag = `pr-${number}`
      bed.push(tag, sha)
      // Somebody's preview has the only place.
      bed.apply('busy', { type: 'start', by: 'visit' }, ...comingUp(digestOf('busy')), {
        type: 'answered',
        generation: 1,
        notices: [],
      })
      let part = bed.start()
      await until(
        'it waits',
        () => statusOf(sha)?.description === 'Waits to be started once, to see whether it answers',
        within,
      )
      assert.equal(store.stateOf(tag), 'unknown')
      bed.apply('busy', { type: 'stop', why: 'idle' }, { type: 'ending' }, { type: 'ended' })

      await until('it is started', () => store.stateOf(tag) === 'queued', within)
      await part.end('SIGKILL')
      bed.apply(tag, ...comingUp(digestOf(tag)))
      part = bed.start()
      bed.apply(tag, { type: 'answered', generation: 1, notices: [] })
      await until('it answered', () => /^It answered after/.test(statusOf(sha)?.description ?? ''), within)
      assert.equal(statusOf(sha)!.state, 'success')
      await until('the comment says so', () => /It answered/.test(commentOf(number)), within)

      // It sleeps, and its row goes: it is not started again.
      bed.apply(
        tag,
        { type: 'stop', why: 'idle' },
        { type: 'ending' },
        { type: 'ended' },
        { type: 'remove' },
        { type: 'removed' },
      )
      await part.end('SIGKILL')
      bed.start()
      const { number: other, sha: its } = github.openChange()
      bed.push(`pr-${other}`, its)
      await until('another one is started', () => store.stateOf(`pr-${other}`) === 'queued', within)
      assert.equal(store.stateOf(tag), 'unknown')
      const reason = { code: 'port-closed' as const, detail: 'secret words', port: 80 }
      bed.apply(`pr-${other}`, ...comingUp(digestOf(`pr-${other}`)), { type: 'fail', reason })
      await until('its failure is told', () => statusOf(its)?.state === 'failure', within)
      assert.equal(statusOf(its)!.description, 'Did not start: It is running, but it listens on no port.')
      const starts = store.history(tag).filter(({ event }) => event === 'start')
      assert.deepEqual(
        starts.map(({ detail }) => detail),
        ['verify'],
      )
    },
  )

  story('without a token nothing is read or said, and the admin is told', { LOTAN_FORGE_TOKEN: '' }, async (bed) => {
    bed.github.openChange()
    const part = bed.start()
    await until('that is noted', () => bed.store.facts.get('forge')?.away?.why === 'no-token', within)
    await until('it is up', () => part.output().includes('forge is ready'), within)
    assert.deepEqual(bed.github.asked, [])
  })

  story('one repository whose forge is away leaves the other alone', several, async (bed, { commentOf }) => {
    const { number, sha } = bed.github.openChange()
    bed.start()
    await until('the one that is there is told', () => commentOf(number), within)
    await until('the other one is noted', () => bed.store.facts.get('forge', 'web')?.away?.why === 'missing', within)
    assert.equal(bed.store.facts.get('forge', 'api'), undefined)
    bed.push(`api/pr-${number}`, sha)
    await until(
      'its image is told',
      () => commentOf(number).includes(`(http://pr-${number}.api.previews.example.com)`),
      within,
    )
    assert.match(commentOf(number), new RegExp(`^<!-- lotan:preview:api:${number} -->`))
  })

  story(
    'news of previews are told in order, signed, tried again, and neither lost nor repeated over a restart',
    { LOTAN_FORGE: '', LOTAN_FORGE_API: '', LOTAN_FORGE_REPOSITORY: '', LOTAN_FORGE_TOKEN: '' },
    async ({ store, start, apply }) => {
      const receiver = await openReceiver()
      try {
        const settings = { LOTAN_NOTIFY_URL: receiver.url }
        const [up, stop] = [
          comingUp(digestOf('pr-7')),
          [{ type: 'stop', why: 'idle' }, { type: 'ending' }, { type: 'ended' }],
        ]
        apply('past', { type: 'start', by: 'visit' }, ...up, answered)
        let part = start(settings)
        await until('it is up', () => part.output().includes('forge is ready'), within)
        apply('guess', { type: 'start', by: 'visit' }, { type: 'absent', isOffered: false }, { type: 'missing' })
        receiver.refuse(2)
        apply('pr-7', { type: 'start', by: 'visit' }, ...up, answered)
        await until('its start is told', () => receiver.taken.length === 1, within)
        assert.equal(receiver.refused(), 2)
        // Killed between the answer and its note, it would tell it again.
        await until('that is noted', () => store.facts.get('notified')?.upTo === store.lastChange(), within)
        await part.end('SIGKILL')

        // While the part is down.
        apply('pr-7', ...(stop as Event[]))
        apply('pr-8', { type: 'start', by: 'visit' }, ...up)
        apply('pr-8', { type: 'fail', reason: { code: 'port-closed', detail: 'secret words', port: 80 } })
        part = start(settings)
        await until('both are told', () => receiver.taken.length === 3, within)
        apply('pr-7', { type: 'remove' }, { type: 'removed' })
        await until('that is told', () => receiver.taken.length === 4, within)
        const news = receiver.taken.map(
          ({ body }) => JSON.parse(body) as { tag: string; event: string; reason: string },
        )
        const told = (tag: string) => news.filter((one) => one.tag === tag).map(({ event, reason }) => [event, reason])
        assert.deepEqual(told('pr-7'), [
          ['up', null],
          ['stopped', null],
          ['removed', null],
        ])
        assert.deepEqual(told('pr-8'), [['failed', 'port-closed']])
        for (const { body, signature } of receiver.taken)
          assert.equal(
            signature,
            `sha256=${createHmac('sha256', 'the-secret-of-these-hooks').update(body).digest('hex')}`,
          )
      } finally {
        receiver.close()
      }
    },
  )
})

const answered: Event = { type: 'answered', generation: 1, notices: [] }

/** Takes news, and refuses as many as it is told to. */
async function openReceiver() {
  const taken: { body: string; signature: string }[] = []
  let left = 0
  let refused = 0
  const server = http.createServer(async (req, res) => {
    const body = await text(req)
    if (left > 0) {
      left -= 1
      refused += 1
      return void res.writeHead(503).end()
    }
    taken.push({ body, signature: String(req.headers['lotan-signature']) })
    res.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/news`,
    taken,
    refuse: (times: number) => void (left = times),
    refused: () => refused,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

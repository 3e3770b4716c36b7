import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { urlOf } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore } from '../../shared/store/store.ts'
import { idOf, splitId } from '../../shared/preview/preview-id.ts'
import { hostOf, isTag, labelOf } from '../../shared/tag.ts'
import { readGatewayRequest } from './request.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-ask-'))
after(() => fs.rmSync(dir, { recursive: true }))
let files = 0

const domain = 'previews.example.com'
const named = (...names: string[]) => names.map((name) => ({ name }))
const namings = fc
  .record({
    domain: fc.constant(domain),
    transliterate: fc.boolean(),
    hostForm: fc.constantFrom('nested' as const, 'flat' as const),
    repositories: fc.constantFrom(named(''), named(''), named('', 'api', 'frontend'), named('api')),
  })
  .filter(({ transliterate, hostForm, repositories: [first, ...others] }) => {
    const isAlone = others.length === 0 && first!.name === ''
    return isAlone || transliterate || hostForm === 'flat'
  })
const tag = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/),
  fc.stringMatching(/^[0-9]{1,2}([._][0-9]{1,2}){1,3}(-rc[._][0-9])?$/),
  fc.stringMatching(/^(pr|PR|Feature)[-_.][0-9]{1,2}$/),
  fc.stringMatching(/^[a-z]{60,70}[A-Z]?$/),
)

/** Lists as registries have them, with the tags that are most easily taken for one another. */
const lists = fc.array(tag, { minLength: 1, maxLength: 30 }).chain((tags) =>
  namings.map((naming) => {
    const names = naming.repositories.map(({ name }) => name)
    const twins = tags.flatMap((one) => [
      one,
      one.toLowerCase(),
      one.replaceAll('.', '_'),
      one.replaceAll('_', '.'),
      ...names.map((repository) => labelOf(idOf({ repository, tag: one }), naming)),
    ])
    const all: string[] = [...new Set(twins)].filter(isTag)
    return { naming, names, tags: all }
  }),
)

test('of all tags of all lists, previews or not, each is reached by the address that pages link to, and no two share it', () => {
  fc.assert(
    fc.property(lists, fc.boolean(), ({ naming, names, tags }, started) => {
      const store = openStore(path.join(dir, `${++files}.sqlite`), {
        slots: 2,
        label: (one) => labelOf(one, naming),
        log: openLog('test', 'silent'),
      })
      try {
        const offered = tags.map((one) => ({ tag: one, digest: null }))
        for (const name of names) store.offer(name, offered)
        const ids = names.flatMap((repository) => tags.map((tag) => idOf({ repository, tag })))
        if (started) for (const id of ids.slice(0, 3)) store.apply(id, { type: 'start', by: 'visit' })
        const config = { ...naming, publicUrl: { protocol: 'http:', port: 8080 } } as const
        const links = ids.map((id) => new URL(urlOf(hostOf(id, config), config)).hostname)
        assert.equal(new Set(links).size, ids.length)
        const reached = links.map((host) => readGatewayRequest({ headers: { 'x-host': host } }, config, store).id)
        assert.deepEqual(reached, ids)
        // One of them is listed no more: its rows are still there.
        const [gone, ...left] = naming.repositories
        const without = { ...config, repositories: left }
        for (const [i, host] of links.entries()) {
          const { id } = readGatewayRequest({ headers: { 'x-host': host } }, without, store)
          assert.equal(id, splitId(ids[i]!).repository === gone!.name ? null : ids[i])
        }
      } finally {
        store.close()
      }
    }),
    { numRuns: 100 },
  )
})

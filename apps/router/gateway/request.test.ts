import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { urlOf } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore } from '../../shared/store/store.ts'
import { hostOf, isTag, labelOf } from '../../shared/tag.ts'
import { readGatewayRequest } from './request.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-ask-'))
after(() => fs.rmSync(dir, { recursive: true }))
let files = 0

const domain = 'previews.example.com'
const constantHosts = { hostForm: fc.constant('nested' as const), repositories: fc.constant([{ name: '' }]) }
const namings = fc.record({ domain: fc.constant(domain), transliterate: fc.boolean(), ...constantHosts })
const tag = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/),
  fc.stringMatching(/^[0-9]{1,2}([._][0-9]{1,2}){1,3}(-rc[._][0-9])?$/),
  fc.stringMatching(/^(pr|PR|Feature)[-_.][0-9]{1,2}$/),
  fc.stringMatching(/^[a-z]{60,70}[A-Z]?$/),
)

/** Lists as registries have them, with the tags that are most easily taken for one another. */
const lists = fc.array(tag, { minLength: 1, maxLength: 30 }).chain((tags) =>
  namings.map((naming) => {
    const twins = tags.flatMap((one) => [
      one,
      one.toLowerCase(),
      one.replaceAll('.', '_'),
      one.replaceAll('_', '.'),
      labelOf(one, naming),
    ])
    const all: string[] = [...new Set(twins)].filter(isTag)
    return { naming, tags: all }
  }),
)

test('of all tags of a list, previews or not, each is reached by the address that pages link to, and no two share it', () => {
  fc.assert(
    fc.property(lists, fc.boolean(), ({ naming, tags }, started) => {
      const store = openStore(path.join(dir, `${++files}.sqlite`), {
        slots: 2,
        label: (one) => labelOf(one, naming),
        log: openLog('test', 'silent'),
      })
      try {
        store.offer(
          '',
          tags.map((one) => ({ tag: one, digest: null })),
        )
        if (started) for (const one of tags.slice(0, 3)) store.apply(one, { type: 'start', by: 'visit' })
        const config = { ...naming, publicUrl: { protocol: 'http:', port: 8080 } } as const
        const links = tags.map((one) => new URL(urlOf(hostOf(one, config), config)).hostname)
        assert.equal(new Set(links).size, tags.length)
        const reached = links.map((host) => readGatewayRequest({ headers: { 'x-host': host } }, config, store).tag)
        assert.deepEqual(reached, tags)
      } finally {
        store.close()
      }
    }),
    { numRuns: 150 },
  )
})

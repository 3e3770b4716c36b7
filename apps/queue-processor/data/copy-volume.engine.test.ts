/** What a copy of a volume keeps, with the real engine. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { EngineError } from '../../shared/engine/engine.ts'
import { containersWith } from '../../testing/harness/docker.ts'
import { copier } from './copy-image.ts'
import { openDataHarness, volume, type DataHarness } from './harness.ts'

let harness: DataHarness
let from: string
let to: string

before(async () => {
  harness = await openDataHarness()
  const { volumes } = harness.open()
  const made = await volumes.ensure('pr-1', { volumes: [volume('from'), volume('to')] }, { id: 'sha256:1' })
  ;[from, to] = [made.get('from')!, made.get('to')!]
})
after(() => harness?.close())

const helpers = () => containersWith(`lotan.instance=${harness.config.instance}`)

test('a copy keeps owners, modes, times, links, holes, and the mode of the volume itself', async () => {
  await harness.inside(
    from,
    `cd /v && chown 999:999 . && chmod 700 . && mkdir -p sub/deep && echo one > sub/file && ln sub/file hard &&
     ln -s sub/file soft && ln -s /nowhere dangling && echo two > secret && chown 70:71 secret && chmod 600 secret &&
     echo run > run && chmod 4751 run && mkfifo pipe && touch -d 2001-02-03 sub/file && touch ' odd
name' &&
     chmod 1777 sub/deep && dd if=/dev/zero of=sparse bs=1 count=1 seek=50000000`,
  )
  // ls of busybox has no option that shows all of it in one line a file.
  const look = `cd /v && stat -c '%n %F %u:%g %a %Y %s %h' . $(find . -type d | sort) hard soft secret run pipe dangling ' odd
name' sparse && cat hard secret && readlink soft && readlink dangling && [ $(stat -c %i hard) = $(stat -c %i sub/file) ] && echo linked`
  const looks = await harness.inside(from, look)
  assert.match(looks, /^\. directory 999:999 700 /)
  assert.match(looks, /linked$/)
  await harness.engine.copyVolume({ from, to, ...(await copier(harness.engine)) })
  assert.equal(await harness.inside(to, look), looks)
  assert.ok(Number(await harness.inside(to, 'stat -c %b /v/sparse')) < 100)
  assert.deepEqual(await helpers(), [])
})

test('a copy that fails says why, and one that is ended leaves no container', async () => {
  const copy = { from, to, ...(await copier(harness.engine)) }
  await assert.rejects(
    harness.engine.copyVolume({ ...copy, command: ['/bin/cp', '--no-such-option'] }),
    (error: EngineError) => error.code === 'start-failed' && /unrecognized option/.test(error.message),
  )
  await assert.rejects(harness.engine.copyVolume({ ...copy, signal: AbortSignal.abort(new Error('over')) }), /over/)
  assert.deepEqual(await helpers(), [])
})

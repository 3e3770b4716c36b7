/** Fifty people click the same link at the same moment. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { asBrowser, isWaiting, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { buildSmall, moveToRegistry } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

describe('fifty simultaneous first clicks', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['away', 'here'])
      await buildSmall(`${registry.repository}:${tag}`, `this is ${tag}`, { ballast: 200 })
    await moveToRegistry(`${registry.repository}:away`)
    lotan = await startLotan({ repository: registry.repository })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  test('make one pull and one container, and all fifty are answered by the application', async () => {
    await fiftyClicks('away')
    assert.equal(times('away', 'pull'), 1)
    assert.equal(times('away', 'pulled'), 1)
    await oneContainer('away')
  })

  test('make one container where the image is here', async () => {
    await fiftyClicks('here')
    assert.equal(times('here', 'pull'), 0)
    await oneContainer('here')
  })

  /** Forty programs, which are held, and ten browsers, which get the page. */
  async function fiftyClicks(tag: string) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        if (i % 5) return lotan.request(tag)
        const page = await lotan.request(tag, { headers: asBrowser })
        // Or is led back to the address, where the application is by now.
        assert.ok(isWaiting(page) || [200, 307].includes(page.status), `a browser got ${page.status}`)
        return lotan.click(tag)
      }),
    )
    for (const { status, text } of answers) {
      assert.equal(status, 200, text)
      assert.match(text, new RegExp(`this is ${tag}`))
    }
  }

  async function oneContainer(tag: string) {
    assert.equal(lotan.store.get(tag)?.generations, 1)
    assert.equal(times(tag, 'created'), 1)
    assert.equal((await lotan.containers()).filter(({ Labels }) => Labels['lotan.tag'] === tag).length, 1)
  }

  function times(tag: string, event: string): number {
    return lotan.store.history(tag).filter((change) => change.event === event).length
  }
})

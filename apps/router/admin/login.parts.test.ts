/** The pages of login and password in a browser. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { goTo } from '../../testing/harness/browser.ts'
import { violationsEverywhere } from '../../testing/harness/axe.ts'
import { browse } from './browse.ts'
import { openBed, token } from './harness.ts'

const bed = await openBed({ LOTAN_GATE: 'password', LOTAN_GATE_PASSWORD: 'open sesame here' })
after(() => bed.close())

test(
  'a form that was sent too often counts down, opens by itself, and takes the right one then',
  { timeout: 300_000 },
  async () => {
    const { page, address, errors, close } = await browse(bed)
    try {
      // The list's script would lead to the login once its session has gone.
      await goTo(page, 'about:blank')
      await page.context().clearCookies()
      await page.clock.install()
      for (const [path, field] of [
        ['/login', 'Admin token'],
        // Without `again` the page of the password leads to itself first, and may do so while axe looks.
        ['/enter?at=red&to=/&again', 'Password'],
      ] as const) {
        await goTo(page, `${address}${path}`)
        assert.deepEqual(await violationsEverywhere(page), [])
        const input = page.getByLabel(field)
        const shut = page.getByText('Too many tries.')
        for (let tries = 0; tries < 11 && !(await shut.isVisible()); tries++) {
          await input.fill(`wrong ${tries}`)
          await Promise.all([page.waitForLoadState('load'), page.waitForResponse(/login|enter/), input.press('Enter')])
          await page.locator('#error').waitFor()
        }
        assert.match(await shut.innerText(), /The form opens again in \d+.s\.$/)
        assert.deepEqual([await input.isDisabled(), await page.getByRole('button').isDisabled()], [true, true])
        assert.deepEqual(await violationsEverywhere(page), [])

        const seconds = Number(/\d+/.exec(await shut.innerText())![0])
        await page.clock.runFor((seconds - 5) * 1_000)
        assert.match(await shut.innerText(), /in [3-6].s\.$/)
        assert.equal(await input.isDisabled(), true)
        await page.clock.runFor(6_000)
        await page.getByText('The form is open again.').waitFor()
        assert.deepEqual([await shut.isVisible(), await input.isEnabled()], [false, true])
        assert.ok(await input.evaluate((one) => one.matches(':focus')))
        assert.deepEqual(await violationsEverywhere(page), [])
      }
      // The router's own minute has not passed: it lets the right token in all the same.
      await goTo(page, `${address}/login`)
      await page.getByLabel('Admin token').fill(token)
      await page.getByLabel('Admin token').press('Enter')
      await page.waitForURL(`${address}/`)
      assert.deepEqual(errors, [])
    } finally {
      await close()
    }
  },
)

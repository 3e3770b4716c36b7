/** A shell in the browser: a real page, WebSocket and container. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { violationsOf } from '../testing/harness/axe.ts'
import { goTo, keepScreenshot, openBrowser, type Browser, type Page } from '../testing/harness/browser.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { until } from '../testing/harness/until.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

describe('the terminal in the browser', { timeout: 120_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  let browser: Browser
  let page: Page
  const errors: string[] = []

  before(async () => {
    registry = await startImageRegistry()
    await publishSmall(`${registry.repository}:red`, 'red', { labels: { 'lotan.shell': '/bin/busybox sh' } })
    lotan = await startLotan({ repository: registry.repository, env: { LOTAN_SHELL: 'on', LOTAN_GRACE_SECONDS: '1' } })
    browser = await openBrowser()
    const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] })
    page = await context.newPage()
    page.on('pageerror', ({ message }) => errors.push(message))
    page.on('console', (message) => /Content Security Policy|trusted/i.test(message.text()) && errors.push(message.text())) // prettier-ignore
    await goTo(page, `${lotan.admin}/login?token=${lotan.token}`)
    await lotan.click('red')
  })
  after(async () => {
    await browser?.close()
    await lotan?.stop()
    await registry?.close()
  })

  const type = (text: string) => page.keyboard.type(text)
  const shows = (text: string) => page.locator('.xterm-rows', { hasText: text }).waitFor()
  const standing = (text: string) => page.locator('#standing', { hasText: text }).waitFor()
  const open = () => lotan.store.shellSessions.list().length

  test('is reached from the preview’s page, and runs what is typed in it', async () => {
    await goTo(page, `${lotan.admin}/previews/red`)
    await page.getByRole('link', { name: 'Shell' }).click()
    await standing('Connected')
    assert.equal(open(), 1)
    await type('alias stty="/bin/busybox stty"; mine=kept; echo $((6 * 7)) came\n')
    await shows('42 came')
    assert.deepEqual(await violationsOf(page), [])
    assert.deepEqual(errors, [])
  })

  test('has the size of its window', async () => {
    const size = async () => {
      await type('clear; stty size\n')
      return until('the size is told', async () => /^(\d+) (\d+)$/m.exec(await page.locator('.xterm-rows').innerText()))
    }
    const [, rows, columns] = await size()
    await page.setViewportSize({ width: 700, height: 600 })
    const after = await until('it is smaller', async () => {
      const [, fewer, less] = await size()
      return Number(fewer) < Number(rows) && Number(less) < Number(columns)
    })
    assert.ok(after)
  })

  test('pastes several lines, and copies', async () => {
    await page.evaluate(`navigator.clipboard.writeText('echo one-$((1))\\necho two-$((2))\\n')`)
    await page.keyboard.press('Control+Shift+V')
    await shows('two-2')
    await page.getByText('one-1').last().dblclick({ force: true })
    await page.keyboard.press('Control+Shift+C')
    assert.match(await page.evaluate<string>('navigator.clipboard.readText()'), /one/)
  })

  test('comes back to the same shell after its connection was cut', async () => {
    // Open connections have a moment to end: the shell goes on meanwhile, and what follows does not wait for it.
    await lotan.api('POST', '/previews/red/stop')
    await lotan.killPart('nginx')
    await standing('Connected again, to the same shell')
    await type('clear; echo $mine here\n')
    await shows('kept here')
    assert.equal(open(), 1)
  })

  test('lets the keyboard out, though Tab is the shell’s', async () => {
    await page.keyboard.press('Tab')
    const focused = () => page.evaluate('document.activeElement.className + document.activeElement.id')
    assert.match(String(await focused()), /xterm/)
    await page.keyboard.press('Control+Shift+X')
    assert.equal(await focused(), 'reader')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    assert.match(String(await focused()), /xterm/)
    await page.keyboard.press('Tab')
    assert.match(String(await focused()), /xterm/, 'with a screen reader too')
    await type('clear; echo read $((2 * 4))\n')
    await page.locator('.xterm-accessibility', { hasText: 'read 8' }).waitFor({ state: 'attached' })
  })

  test('says that its preview was stopped, and wakes it when it is opened again', async () => {
    await page.getByText('red was stopped, or its container ended, and the shell with it.').waitFor()
    await keepScreenshot(page, 'terminal-stopped')
    await page.getByRole('button', { name: 'Open again' }).click()
    await standing('Connected')
    await type('echo $((3 * 3)) again\n')
    await shows('9 again')
  })

  test('ends its session when its page is left', async () => {
    await page.getByRole('link', { name: 'red', exact: true }).click()
    await until('the session is over', () => open() === 0, { within: 5_000 })
    assert.deepEqual(errors, [])
  })
})

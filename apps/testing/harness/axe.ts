/** What axe-core finds wrong with a page, at the widths and in the colours that people have. */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const widths = [1280, 820, 390]

interface Violation {
  id: string
  nodes: { html: string }[]
}

/** Of the page as it stands: `RULE: elements`, and whether it scrolls sideways. @param rules of axe; all where there are none */
export async function violationsOf(page: Page, rules: string[] = []): Promise<string[]> {
  // By the debugger's way, which the page's policy does not forbid.
  await page.evaluate(source)
  const options = rules.length > 0 ? { runOnly: rules } : {}
  const found = await page.evaluate<{
    violations: Violation[]
    sideways: boolean
  }>(`axe.run(${JSON.stringify(options)}).then(({ violations }) => {
    const { scrollWidth, clientWidth } = document.documentElement
    return { violations, sideways: scrollWidth > clientWidth }
  })`)
  const wrong = found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
  )
  return found.sideways ? [...wrong, 'the page scrolls sideways'] : wrong
}

/** Of the page as it stands, each width in light; in dark only colours differ. The page needs its scripts on. */
export async function violationsEverywhere(page: Page): Promise<string[]> {
  const all: string[] = []
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of colorScheme === 'light' ? widths : [1280]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      const wrong = await violationsOf(page, colorScheme === 'light' ? [] : ['color-contrast'])
      all.push(...wrong.map((each) => `${width} ${colorScheme}: ${each}`))
    }
  return all
}

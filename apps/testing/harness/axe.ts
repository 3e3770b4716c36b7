/** What axe-core finds wrong with a page, at the widths and in the colours that people have. */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export const widths = [1280, 820, 390] as const

/** Of the page as it stands: `RULE: element`, and whether it scrolls sideways. */
export async function violationsOf(page: Page): Promise<string[]> {
  // By the debugger's way, which the page's policy does not forbid.
  await page.evaluate(source)
  const found = await page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } }).axe
    const { violations } = await axe.run()
    return violations
  })
  const isWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
  const wrong = found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`)
  return (await page.evaluate(isWide)) ? [...wrong, 'the page scrolls sideways'] : wrong
}

interface Violation {
  id: string
  nodes: { html: string }[]
}

/** Each width in light and dark. @returns what is wrong, with where */
export async function violationsEverywhere(page: Page): Promise<string[]> {
  const all: string[] = []
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of widths) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      all.push(...(await violationsOf(page)).map((wrong) => `${width} ${colorScheme}: ${wrong}`))
    }
  return all
}

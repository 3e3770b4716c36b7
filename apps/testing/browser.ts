/** A real browser. It resolves *.localhost by itself, as people's do. */
import os from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'

export type { Browser, Page }

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** Keeps a picture of a page outside the repository, and says where. */
export async function keepScreenshot(page: Page, name: string): Promise<string> {
  const file = path.join(os.tmpdir(), `lotan-${name}.png`)
  await page.screenshot({ path: file, fullPage: true })
  return file
}

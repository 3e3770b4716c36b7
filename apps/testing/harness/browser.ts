/** A real browser. It resolves *.localhost by itself, as people's do. */
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { chromium, type Browser, type Page, type Response } from 'playwright-core'
import { surroundings } from './surroundings.ts'

export type { Browser, Page }

const run = promisify(execFile)

/**
 * @param options.authority a certificate authority to trust, and a home to keep it in
 * @param options.resolve hosts that resolve to 127.0.0.1, `*.example.test` among them
 */
export async function openBrowser(
  options: { authority?: string; home?: string; resolve?: string[] } = {},
): Promise<Browser> {
  const { authority, home, resolve = [] } = options
  if (authority && home) await trust(authority, path.join(home, '.pki/nssdb'))
  return chromium.launch({
    ...(home && { env: { ...surroundings, HOME: home } }),
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
      ...(resolve.length > 0
        ? [`--host-resolver-rules=${resolve.map((host) => `MAP ${host} 127.0.0.1`).join(',')}`]
        : []),
    ],
  })
}

async function trust(authority: string, database: string): Promise<void> {
  await fs.mkdir(database, { recursive: true })
  await run('certutil', ['-d', `sql:${database}`, '-N', '--empty-password'])
  await run('certutil', ['-d', `sql:${database}`, '-A', '-t', 'C,,', '-n', 'lotan-test', '-i', authority])
}

/**
 * Waits until the page, or one it leads to, is loaded: a waiting page may leave before it is loaded itself. Chromium
 * aborts loads when networks of the machine change, which other tests cause: then it tries again for 30 s. @returns the
 * first response
 */
export async function goTo(page: Page, url: string): Promise<Response | null> {
  for (const until = Date.now() + 30_000; ; await sleep(100))
    try {
      const answer = await page.goto(url, { waitUntil: 'commit' })
      await page.waitForLoadState()
      return answer
    } catch (error) {
      const { message } = error as Error
      if (Date.now() > until || !/ERR_NETWORK_CHANGED|chrome-error:|interrupted by another navigation/.test(message))
        throw error
    }
}

export async function keepScreenshot(page: Page, name: string): Promise<string> {
  const file = path.join(os.tmpdir(), `lotan-${name}.png`)
  await page.screenshot({ path: file, fullPage: true })
  return file
}

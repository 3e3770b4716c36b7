/** Lotan's own image for sandboxes, built from the Dockerfile here on the machine's busybox: nothing is downloaded. */
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { staticBusybox } from '../busybox.ts'
import type { Engine } from '../engine/engine.ts'

const dockerfile = path.join(import.meta.dirname, 'image/Dockerfile')

/** @returns the image's id; it is built where the engine does not have it @throws EngineError, or with what to install */
export async function sandboxImage(engine: Pick<Engine, 'findImage' | 'build'>): Promise<string> {
  const [text, busybox] = await Promise.all([fs.readFile(dockerfile), staticBusybox()])
  const hash = createHash('sha256')
    .update(text)
    .update(await fs.readFile(busybox))
  const reference = `lotan-sandbox:${hash.digest('hex').slice(0, 12)}`
  const found = await engine.findImage(reference)
  if (found) return found.id
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-sandbox-'))
  try {
    await fs.writeFile(path.join(dir, 'Dockerfile'), text)
    await fs.copyFile(busybox, path.join(dir, 'busybox'))
    await engine.build(dir, ['Dockerfile', 'busybox'], reference)
  } finally {
    await fs.rm(dir, { recursive: true })
  }
  return (await engine.findImage(reference))!.id
}

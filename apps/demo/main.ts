/** Leaves no copy on the engine, so that a click really pulls. Images of the same revision are not built again. */
import fs from 'node:fs/promises'
import path from 'node:path'
import { readConfig } from '../shared/config/config.ts'
import { openEngine } from '../shared/engine/engine.ts'
import { openRegistry, RegistryError } from '../shared/registry/registry.ts'
import { buildDatabase } from './database.ts'
import { buildSample, revision, samples } from './sample.ts'

const config = readConfig()
const repository = config.repositories[0]!.reference
const engine = openEngine(config)
const stamp = path.join(config.dataDir, 'demo-stamp')

// The image of one sample names another, so it is of this repository alone.
const now = `${await revision()} ${repository}`
const pushed = await fs.readFile(stamp, 'utf8').catch(() => '')
const there = pushed === now ? await pushedTags() : []
const hasRedis = 'socket' in config.redis
const due = samples.filter(({ tag, hasDatabase }) => !there.includes(tag) && (hasRedis || !hasDatabase))
const database = `${repository}-db:${await revision()}`

for (const [i, sample] of due.entries()) {
  const reference = `${repository}:${sample.tag}`
  if (sample.hasDatabase) {
    await buildDatabase(engine, database)
    await push(database)
  }
  await buildSample(engine, sample, reference, database)
  await push(reference)
  console.log(`sample image ${i + 1} of ${due.length}: ${reference}`)
}
await fs.writeFile(stamp, now)

async function push(reference: string): Promise<void> {
  await engine.push(reference)
  await engine.removeImage(reference)
}

async function pushedTags(): Promise<string[]> {
  try {
    return await openRegistry({ ...config, repository }).tags()
  } catch (error) {
    // The registry was emptied, and the stamp left.
    if (error instanceof RegistryError && error.code === 'no-repository') return []
    throw error
  }
}

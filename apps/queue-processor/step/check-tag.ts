/** Whether there is a tag that the registry's list does not have (yet): the ask lane. */
import { EngineError } from '../../shared/engine/engine.ts'
import type { In } from '../../shared/preview/preview.ts'
import { RegistryError } from '../../shared/registry/registry.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { isDue } from './capacity.ts'

/**
 * Asks the registry by HEAD, which costs it little, before anything is pulled: most tags that nobody knows are guesses.
 * A registry that does not answer this question may still answer the engine's, so then the pull decides.
 *
 * @throws RegistryError where the registry has been asked too often; EngineError where it has no such repository at all
 */
export async function checkTag(parts: Dependencies, preview: In<'queued'>): Promise<Outcome> {
  const { store, registry, config, log } = parts
  const { tag } = preview
  if (!isDue(preview, Date.now())) return undefined
  const began = Date.now()
  if (await mayBeThere(tag)) return { sendOn: 'pull' }
  if (!(await registry.hasRepository()))
    throw new EngineError('no-repository', `the registry has no repository ${config.repository}`)
  log.info({ tag, ms: Date.now() - began }, 'the registry has no such tag')
  return void store.apply(tag, { type: 'missing' })

  async function mayBeThere(tag: string): Promise<boolean> {
    try {
      return await registry.has(tag)
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code === 'rate-limited') throw error
      return true
    }
  }
}

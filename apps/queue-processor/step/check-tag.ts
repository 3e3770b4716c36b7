import { referenceOf } from '../../shared/repository.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import type { InPhase } from '../../shared/preview/preview.ts'
import { RegistryError } from '../../shared/registry/registry.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { isDue } from './capacity.ts'
import type { Tag } from '../../shared/tag.ts'
import { idOf, logFields } from '../../shared/preview/preview-id.ts'

/** By HEAD, since most unknown tags are guesses. Without an answer the pull decides. */
export async function checkTag(deps: Dependencies, preview: InPhase<'queued', 'lookup'>): Promise<Outcome> {
  const { store, registryOf, config, log } = deps
  const { tag } = preview
  const id = idOf(preview)
  if (!isDue(preview, Date.now())) return undefined
  const began = Date.now()
  if (await mayExist(tag)) return void store.apply(id, { type: 'exists' })
  if (!(await registryOf(id).hasRepository()))
    throw new EngineError('no-repository', `the registry has no repository ${referenceOf(id, config)}`)
  log.info({ ...logFields(id), ms: Date.now() - began }, 'the registry has no such tag')
  return void store.apply(id, { type: 'missing' })

  async function mayExist(tag: Tag): Promise<boolean> {
    try {
      return await registryOf(id).has(tag)
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code === 'rate-limited') throw error
      return true
    }
  }
}

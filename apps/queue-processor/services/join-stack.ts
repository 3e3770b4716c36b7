import { EngineError } from '../../shared/engine/engine.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { Dependencies } from '../dependencies.ts'

/**
 * Connects an application's sandbox, or its container, to the network of its stack.
 * @param aliases null without a stack @throws EngineError
 */
export async function joinStack(
  { stackNetworks }: Pick<Dependencies, 'stackNetworks'>,
  id: PreviewId,
  container: string,
  aliases: string[] | null,
): Promise<void> {
  if (!aliases) return
  try {
    await stackNetworks.join(id, container, aliases)
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'missing') throw error
    // Another program pruned it.
    await stackNetworks.network(id)
    await stackNetworks.join(id, container, aliases)
  }
}

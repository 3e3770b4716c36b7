/** What went wrong in a step, as the reason that a preview is given. */
import { EngineError } from '../../shared/engine/engine.ts'
import type { Reason, ReasonCode } from '../../shared/preview/failure-reason.ts'
import { RegistryError } from '../../shared/registry/registry.ts'

/** Whether it is one of the things that go wrong with engines and registries. */
export function isExpected(error: unknown): error is EngineError | RegistryError {
  return error instanceof EngineError || error instanceof RegistryError
}

/** No registry is believed that wants to be left alone for longer. */
const LONGEST_REST_MS = 60 * 60_000

/** How long it wants to be left alone, milliseconds; undefined where it does not say. */
export function restOf(error: unknown): number | undefined {
  if (!(error instanceof RegistryError) || error.retryAfter === undefined) return undefined
  return Math.min(error.retryAfter, LONGEST_REST_MS)
}

/** @param otherwise the code of what has none that a preview can have */
export function toFailureReason(error: unknown, otherwise: ReasonCode): Reason {
  const { message: detail = String(error) } = error as Error
  if (error instanceof RegistryError)
    return { code: error.code, detail, ...(error.program && { program: error.program }) }
  if (!(error instanceof EngineError)) return { code: otherwise, detail }
  if (error.code === 'missing' || error.code === 'taken' || error.code === 'occupied')
    return { code: otherwise, detail }
  return { code: error.code, detail }
}

import { EngineError } from '../../shared/engine/engine.ts'
import type { Reason, ReasonCode } from '../../shared/preview/failure-reason.ts'
import { RegistryError } from '../../shared/registry/registry.ts'

export function isExpected(error: unknown): error is EngineError | RegistryError {
  return error instanceof EngineError || error instanceof RegistryError
}

const MAX_RETRY_AFTER_MS = 60 * 60_000

/** Milliseconds. */
export function retryAfterOf(error: unknown): number | undefined {
  if (!(error instanceof RegistryError) || error.retryAfter === undefined) return undefined
  return Math.min(error.retryAfter, MAX_RETRY_AFTER_MS)
}

export function toFailureReason(error: unknown, otherwise: ReasonCode): Reason {
  const { message: detail = String(error) } = error as Error
  if (!isExpected(error)) return { code: otherwise, detail }
  const of = error.service === undefined ? {} : { service: error.service }
  if (error instanceof RegistryError)
    return { code: error.code, detail, ...(error.program && { program: error.program }), ...of }
  if (error.code === 'missing' || error.code === 'taken' || error.code === 'occupied' || error.code === 'unjoined')
    return { code: otherwise, detail, ...of }
  return { code: error.code, detail, ...of }
}

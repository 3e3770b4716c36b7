/** What went wrong in a step, as the reason that a preview is given. */
import { EngineError } from '../shared/engine.ts'
import type { Reason, ReasonCode } from '../shared/reason.ts'
import { RegistryError } from '../shared/registry.ts'

/** Whether it is one of the things that go wrong with engines and registries. */
export function isExpected(error: unknown): error is EngineError | RegistryError {
  return error instanceof EngineError || error instanceof RegistryError
}

/** @param otherwise the code of what has none that a preview can have */
export function reasonOf(error: unknown, otherwise: ReasonCode): Reason {
  const { message: detail = String(error) } = error as Error
  if (error instanceof RegistryError)
    return { code: error.code, detail, ...(error.program && { program: error.program }) }
  if (!(error instanceof EngineError)) return { code: otherwise, detail }
  if (error.code === 'missing' || error.code === 'taken' || error.code === 'occupied')
    return { code: otherwise, detail }
  return { code: error.code, detail }
}

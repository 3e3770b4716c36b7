/** Runs a service's healthcheck until it passes. The engine's own checking would wait a whole interval first. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, type Engine, type ImageRun } from '../../shared/engine/engine.ts'
import type { Healthcheck, Service } from '../../shared/stack/stack.ts'
import { afterFailure, noFailure, pauseAfter } from './coming-up.ts'

const LINES = 10

/** What the last check said. */
export interface Unhealthy {
  detail: string
  output: string[]
}

/** @returns undefined where neither the stack nor the image has one */
export function healthcheckOf({ healthcheck }: Pick<Service, 'healthcheck'>, image: Pick<ImageRun, 'healthcheck'>) {
  const counts = healthcheck ?? image.healthcheck
  return counts === null || counts === 'none' ? undefined : counts
}

/**
 * @param before performance.now() of the deadline
 * @returns undefined once it is healthy; else why it is not: by its own retries, or since its time is up
 */
export async function awaitHealth(
  engine: Pick<Engine, 'exec'>,
  container: string,
  check: Healthcheck,
  { before, signal }: { before: number; signal: AbortSignal },
): Promise<Unhealthy | undefined> {
  const began = performance.now()
  let failures = noFailure
  for (let tries = 1; ; tries++) {
    const failure = await runCheck(engine, container, check, signal)
    if (!failure) return undefined
    failures = afterFailure(failures, check, performance.now() - began)
    if (failures.count >= check.retries || performance.now() >= before) return failure
    await sleep(Math.max(0, Math.min(pauseAfter(tries, check), before - performance.now())), undefined, { signal })
  }
}

async function runCheck(
  engine: Pick<Engine, 'exec'>,
  container: string,
  { test, timeout }: Healthcheck,
  signal: AbortSignal,
): Promise<Unhealthy | undefined> {
  try {
    const { exitCode, output } = await engine.exec(container, commandOf(test), { ms: timeout, lines: LINES, signal })
    if (exitCode === 0) return undefined
    return { detail: exitCode === null ? `no answer in ${timeout / 1_000} s` : `exit code ${exitCode}`, output }
  } catch (error) {
    // Its container has ended, which is noticed by itself; or the image has no such program.
    if (signal.aborted || !(error instanceof EngineError) || error.code === 'engine-down') throw error
    return { detail: error.message, output: [] }
  }
}

function commandOf([kind, ...words]: string[]): string[] {
  return kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : words
}

/** Why a preview does not come up for one of its services. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../../shared/engine/engine.ts'
import type { Reason } from '../../shared/preview/failure-reason.ts'
import type { Unhealthy } from './await-health.ts'

const LINES = 20
/** The kernel may report out-of-memory a moment after the process has ended. */
const OOM_MS = 150

/** Thrown as a stack comes up. */
export class FailedService extends Error {
  readonly reason: Reason

  constructor(reason: Reason) {
    super(reason.detail)
    this.reason = reason
  }
}

export interface Ran {
  service: string
  container: string
}

type Asks = Pick<Engine, 'inspect' | 'output'>

/** @param exitCode null where its container was removed */
export async function exitedReason(
  engine: Asks,
  { service, container }: Ran,
  exitCode: number | null,
): Promise<Reason> {
  let ended = await engine.inspect(container)
  if (!ended) return { code: 'service-exited', service, detail: 'another program removed its container' }
  if (ended.exitCode === 137 && !ended.oomKilled) {
    await sleep(OOM_MS)
    ended = (await engine.inspect(container)) ?? ended
  }
  const { startedAt, finishedAt, oomKilled } = ended
  const code = exitCode ?? ended.exitCode
  const facts = {
    service,
    output: await engine.output(container, LINES),
    exitCode: code,
    after: startedAt && finishedAt ? Math.max(0, finishedAt - startedAt) : 0,
  }
  const limit = `${Math.round(ended.memoryLimit / 1_024 ** 2)}m`
  if (oomKilled) return { ...facts, code: 'out-of-memory', detail: `ended at its limit of ${limit}`, limit }
  const detail =
    code === 0 ? 'it ended, and nothing waits for that (service_completed_successfully)' : `exit code ${code}`
  return { ...facts, code: 'service-exited', detail }
}

/** @param after milliseconds since its start */
export async function unhealthyReason(
  engine: Asks,
  { service, container }: Ran,
  after: number,
  { detail, output }: Unhealthy,
): Promise<Reason> {
  const said = await engine.output(container, LINES)
  const checked = output.map((line) => `healthcheck: ${line}`)
  return { code: 'service-unhealthy', service, after: Math.round(after), detail, output: [...said, ...checked] }
}

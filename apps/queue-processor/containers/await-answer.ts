import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, type Inspected } from '../../shared/engine/engine.ts'
import type { Reason } from '../../shared/preview/failure-reason.ts'
import type { Notice } from '../../shared/preview/notice.ts'
import { hostPortOf, slotSchemeIn } from '../../shared/slots/slot-scheme.ts'
import { hostOf } from '../../shared/tag.ts'
import { urlOf } from '../../shared/config/config.ts'
import { stackOfImage } from '../services/stack-of-preview.ts'
import { discard, isStillPending, type Pending } from '../step/pending.ts'
import type { ContainerPlan } from './create-options.ts'
import { noteNeedsFirstProcess, demandsFirstProcess } from './first-process.ts'
import { isOutOfReach, listening, reaches } from './listening.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { firstAnswer, type ProbeResult } from './http-probe.ts'
import { waitForExit, type Exit } from './wait-for-exit.ts'
import { abortableSleep, whileWanted } from '../step/while-wanted.ts'
import { certainlyElsewhere } from './watch-ports.ts'
import { logFields } from '../../shared/preview/preview-id.ts'

const LINES = 20
/** The kernel may report out-of-memory a moment after the process has ended. */
const OOM_MS = 150
/** What tini writes when it cannot run the program. */
const NOT_RUN = /^\[FATAL tini \(\d+\)\] exec .+ failed: /
/** What tini, the engine or a shell writes when the program's file needs capabilities that the container lacks. */
const NOT_PERMITTED = /operation not permitted$/i

/** Where slots are ports, there are none. */
function lacksSecondHosts(deps: Dependencies, { id, image }: Pending): boolean {
  const { kind } = slotSchemeIn(deps.store.facts) ?? {}
  return kind === 'port' && (stackOfImage(deps, id, image)?.services ?? []).some(({ host }) => host !== null)
}

/**
 * A cancelled start leaves its container to the step that cancelled it.
 * @param confirm asked after its answer: false where its start has failed for something else @throws EngineError
 */
export async function awaitAnswer(
  deps: Dependencies,
  pending: Pending,
  container: string,
  plan: ContainerPlan,
  confirm: () => Promise<boolean>,
): Promise<Outcome> {
  const { store, engine, log, config } = deps
  const { id, generation } = pending
  // Not by the time of day: it may be stepped meanwhile.
  const began = performance.now() - (await waitedBefore(engine, pending, container))
  const outcome = await whileWanted(
    store,
    () => isStillPending(deps, pending),
    (signal) => answerOrExit(deps, pending, container, plan, began + config.startTimeout, signal),
  )
  if (!outcome) return undefined
  const ms = Math.round(performance.now() - began)
  if ('ready' in outcome && outcome.ready) {
    if (!(await confirm())) return undefined
    const notices: Notice[] = plan.notices.map((text) => ({ code: 'label', text }))
    if (outcome.notice) notices.push(outcome.notice)
    if (lacksSecondHosts(deps, pending)) notices.push({ code: 'no-second-hosts' })
    if (!store.apply(id, { type: 'answered', generation: generation.number, notices })) return undefined
    // nginx is configured with this port at its next start.
    if (plan.kind === 'web') store.facts.set('poolPort', generation.port)
    log.info({ ...logFields(id), generation: generation.number, port: generation.port, ms, notices }, 'first answer')
    return undefined
  }
  const reason =
    'ready' in outcome
      ? await noAnswerReason(deps, pending, container, { ...outcome, after: ms })
      : await exitReason(deps, container, plan, outcome, ms)
  if (!isStillPending(deps, pending)) return undefined
  await discard(deps, pending)
  if (plan.initGuessed && reason.code === 'exited' && demandsFirstProcess(reason.output ?? [])) {
    log.info(
      { ...logFields(id), image: pending.image.id },
      'the application must be process 1: starting it again without an init',
    )
    noteNeedsFirstProcess(store.facts, pending.image.id)
    return { again: true }
  }
  store.apply(id, { type: 'fail', reason })
  return undefined
}

/** Lotan may have restarted during the wait: it counts from the container's own start. @returns milliseconds */
async function waitedBefore(engine: Dependencies['engine'], { waiting }: Pending, container: string): Promise<number> {
  const startedAt = waiting === undefined ? undefined : (await engine.inspect(container))?.startedAt
  return startedAt ? Math.max(0, Date.now() - startedAt) : 0
}

async function answerOrExit(
  { config, network, engine, waits, store }: Dependencies,
  { id, generation }: Pending,
  container: string,
  plan: ContainerPlan,
  deadline: number,
  wanted: AbortSignal,
): Promise<ProbeResult | Exit> {
  const settled = new AbortController()
  const signal = AbortSignal.any([wanted, settled.signal])
  if (plan.kind === 'ssh')
    return Promise.race([
      abortableSleep(waits.run, signal).then((): ProbeResult => ({ ready: true, notice: null })),
      waitForExit(engine, container, signal),
    ]).finally(() => settled.abort())
  const listens = openListening(engine, container)
  const { port, number } = generation
  const answer = firstAnswer({
    hostPort: hostPortOf(await network.slotScheme(), generation),
    path: plan.readyPath,
    host: new URL(urlOf(hostOf(id, config), config)).host,
    protocol: config.publicUrl.protocol,
    deadline,
    errors: waits.errors,
    steady: waits.steady,
    isHidden: async () => isOutOfReach((await listens()) ?? [], port),
    signal,
  })
  const elsewhere = certainlyElsewhere({
    port,
    listens,
    cpu: async () => (await engine.usage(container).catch(ignoreEngineError))?.cpu,
    tell: (listens) => void store.apply(id, { type: 'elsewhere', generation: number, port, listens }),
    ...waits.elsewhere,
    signal,
  }).then((): ProbeResult => ({ ready: false, connected: false, detail: 'nothing listens on the port' }))
  try {
    return await Promise.race([answer, waitForExit(engine, container, signal), elsewhere])
  } finally {
    settled.abort()
  }
}

function openListening(engine: Dependencies['engine'], container: string): () => Promise<string[] | undefined> {
  let inspected: Inspected | undefined
  return async () => {
    inspected ??= await engine.inspect(container).catch(ignoreEngineError)
    return inspected?.pid ? listening(inspected.pid, inspected.filesOf) : undefined
  }
}

function ignoreEngineError(error: unknown): undefined {
  if (!(error instanceof EngineError)) throw error
}

async function exitReason(
  { engine }: Dependencies,
  container: string,
  plan: ContainerPlan,
  { exitCode }: Exit,
  ms: number,
): Promise<Reason> {
  let ended = await engine.inspect(container)
  if (!ended) return { code: 'exited', detail: 'the container was removed while it started', after: ms }
  if (ended.exitCode === 137 && !ended.oomKilled) {
    await sleep(OOM_MS)
    ended = (await engine.inspect(container)) ?? ended
  }
  const output = await engine.output(container, LINES)
  const code = exitCode ?? ended.exitCode
  const after = ended.startedAt && ended.finishedAt ? Math.max(0, ended.finishedAt - ended.startedAt) : ms
  const facts = { output, exitCode: code, after }
  if (ended.oomKilled)
    return { ...facts, code: 'out-of-memory', detail: `ended at its limit of ${plan.memory}`, limit: plan.memory }
  const refused = output.findLast((line) => NOT_PERMITTED.test(line) && (code === 126 || /\bexec\b/.test(line)))
  if (refused && code !== 0) return { ...facts, code: 'file-capabilities', detail: refused }
  const notRun = output.findLast((line) => NOT_RUN.test(line))
  if (notRun && (code === 126 || code === 127)) return { ...facts, code: 'bad-image', detail: notRun }
  return { ...facts, code: 'exited', detail: `exit code ${code}` }
}

async function noAnswerReason(
  { engine }: Dependencies,
  { generation: { port } }: Pending,
  container: string,
  { connected, detail: said, obstacle: instead, after }: Extract<ProbeResult, { ready: false }> & { after: number },
): Promise<Reason> {
  const found = await engine.inspect(container)
  const output = found ? await engine.output(container, LINES) : []
  const facts = { output, port, after }
  if (instead === 'tls' || instead === 'http2') return { ...facts, code: `only-${instead}`, detail: said }
  const listens = found?.pid ? listening(found.pid, found.filesOf) : undefined
  // The engine is on another machine: only the outside view is known.
  if (!listens) return { ...facts, code: connected ? 'no-answer' : 'port-closed', detail: said }
  if (listens.length === 0 && !connected) return { ...facts, code: 'port-closed', detail: 'it listens on no port' }
  const ipv6 = listens.filter((address) => reaches([address], port))
  if (instead === 'hidden' && ipv6.length > 0)
    return { ...facts, code: 'only-ipv6', detail: `it listens on ${ipv6.join(', ')}, and not on IPv4`, listens: ipv6 }
  if (listens.length === 0 || reaches(listens, port)) return { ...facts, code: 'no-answer', detail: said }
  return { ...facts, code: 'wrong-port', detail: `it listens on ${listens.join(', ')}, not on port ${port}`, listens }
}

/** Whether engine and database agree, and nothing is stuck. */
import { generationOf, stepOf, type Preview } from '../../../shared/preview/preview.ts'
import { idOf } from '../../../shared/preview/preview-id.ts'
import { sandboxName } from '../../../shared/slots/container-name.ts'
import type { ServiceRow } from '../../../shared/stack/service-state.ts'
import { containersWith } from '../../harness/docker.ts'
import type { Lotan } from '../../harness/lotan.ts'
import { leftInside } from './insiders.ts'

/** A drain takes 10 s. Previews without visitors fall asleep at any time, and that is no accident. */
const DRAINED_MS = 15_000

type Found = Awaited<ReturnType<typeof containersWith>>[number]

/** @returns in words what does not agree, or has not come to rest */
export async function differences(lotan: Lotan): Promise<string[]> {
  const { instance, maxRunning } = lotan.config
  const found = await containersWith(`lotan.instance=${instance}`)
  const previews = lotan.store.list()
  const sandboxes = found.filter(({ Labels }) => 'lotan.sandbox' in Labels)
  const services = found.filter(({ Labels }) => 'lotan.service' in Labels)
  const ofSessions = found.filter(({ Labels }) => 'lotan.beside' in Labels || 'lotan.run' in Labels)
  const others = [...sandboxes, ...services, ...ofSessions]
  const containers = found.filter((one) => !others.includes(one))
  const rows = lotan.store.services.list()
  const known = new Set(previews.map((preview) => generationOf(preview)?.container))
  const places = lotan.store.places()
  return [
    ...previews
      .filter((preview) => !fallsAsleep(preview))
      .flatMap((preview) => [
        ...restless(preview, places < maxRunning),
        ...unlike(preview, containers, sandboxes, instance),
        ...unlikeServices(preview, rows, services),
      ]),
    ...previews
      .filter((preview) => isBarredAndUp(lotan, preview))
      .map((one) => `${idOf(one)} is up, its pull request is closed`),
    ...containers.filter(({ Id }) => !known.has(Id)).map((one) => `no row knows ${nameOf(one)} (${one.State})`),
    ...services
      .filter(({ Id }) => !rows.some(({ container }) => container === Id))
      .map((one) => `no row knows ${nameOf(one)} (${one.State})`),
    ...ofSessions.filter((one) => isAlone(one, found)).map((one) => `${nameOf(one)} is beside nothing (${one.State})`),
    ...leftInside(lotan),
    ...lotan.store.sandboxes
      .list()
      .filter(({ state, preview }) => state === 'making' || (state === 'given' && preview === null))
      .map(({ number, state }) => `sandbox ${number} is ${state}, and of no preview`),
  ]
}

/** A helper is one of a container that runs. No session of this scene makes a container of its own. */
function isAlone({ Labels }: Found, found: Found[]): boolean {
  const beside = found.find(({ Id }) => Id === Labels['lotan.beside'])
  return beside?.State !== 'running' && beside?.State !== 'paused'
}

/** What is stopped drains for 10 s. */
function isBarredAndUp({ store }: Lotan, preview: Preview): boolean {
  const isUp = ['queued', 'pulling', 'starting', 'running'].includes(preview.state)
  return isUp && store.standing(idOf(preview), Date.now()).is !== 'free'
}

function fallsAsleep({ state, since }: Preview): boolean {
  return (state === 'paused' || state === 'stopping') && Date.now() - since < DRAINED_MS
}

function restless(preview: Preview, hasPlace: boolean): string[] {
  const isAtRest =
    (preview.state === 'running' && !preview.pending) ||
    preview.state === 'stopped' ||
    preview.state === 'failed' ||
    (preview.state === 'paused' && preview.phase === 'frozen') ||
    (preview.state === 'queued' && (preview.phase === 'start' || preview.phase === 'pull') && !hasPlace)
  return isAtRest && preview.retiring.length === 0 ? [] : [`${idOf(preview)} is ${stepOf(preview)} still`]
}

function unlike(preview: Preview, containers: Found[], sandboxes: Found[], instance: string): string[] {
  const generation = generationOf(preview)
  const id = idOf(preview)
  const its = containers.find(({ Id }) => Id === generation?.container)
  const wanted = { running: 'running', paused: 'paused' }[preview.state as string]
  const sandbox =
    generation?.sandbox && sandboxes.find((one) => nameOf(one) === sandboxName(instance, generation.sandbox!))
  const isUp = its?.State === 'running' || its?.State === 'paused'
  return [
    ...(wanted !== undefined && its?.State !== wanted
      ? [`${id} is ${preview.state}, its container is ${its?.State}`]
      : []),
    ...(wanted === undefined && isUp ? [`${id} is ${preview.state}, its container is ${its.State}`] : []),
    ...(wanted !== undefined && generation?.sandbox && (!sandbox || sandbox.State !== 'running')
      ? [`${id} is ${preview.state}, its sandbox is ${sandbox ? sandbox.State : 'gone'}`]
      : []),
  ]
}

/** A service is up, frozen or at rest as its preview is. */
function unlikeServices(preview: Preview, rows: readonly ServiceRow[], services: Found[]): string[] {
  const id = idOf(preview)
  const wanted = { running: ['running', 'done'], paused: ['paused', 'done'] }[preview.state as string]
  return rows
    .filter((row) => idOf(row) === id)
    .flatMap((row) => {
      const state = services.find(({ Id }) => Id === row.container)?.State
      const isUp = state === 'running' || state === 'paused'
      if (wanted === undefined) return isUp ? [`${id} is ${preview.state}, its ${row.name} is ${state}`] : []
      const isRight = wanted.includes(row.state) && (row.state === 'done' || state === row.state)
      return isRight ? [] : [`${id} is ${preview.state}, its ${row.name} is ${row.state}, the container ${state}`]
    })
}

function nameOf({ Names }: Found): string {
  return Names[0]!.slice(1)
}

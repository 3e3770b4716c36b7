import type Docker from 'dockerode'
import { call } from './call.ts'
import { RUN } from './container-facts.ts'
import type { PreviewId } from '../preview/preview-id.ts'
import { engineError } from './error.ts'
import { previewOf } from './preview-labels.ts'
import { SERVICE } from './services.ts'

const actions = ['die', 'oom', 'destroy', 'start'] as const

/** Of a preview's container, of one of its services, or of a sandbox. */
export type EngineEvent = ContainerEvent | ServiceEvent | SandboxEvent

export interface ContainerEvent {
  sandbox?: undefined
  service?: undefined
  action: (typeof actions)[number]
  id: string
  preview: PreviewId
  generation: number
  exitCode: number | null
  at: number
}

export interface ServiceEvent {
  sandbox?: undefined
  service: string
  preview: PreviewId
  action: ContainerEvent['action']
}

export interface SandboxEvent {
  sandbox: number
  service?: undefined
  action: ContainerEvent['action']
}

/** @throws EngineError `engine-down` when the engine stops, or cannot be reached */
export async function* events(
  docker: Docker,
  instance: string,
  signal: AbortSignal,
  since?: number,
): AsyncGenerator<EngineEvent> {
  const filters = { type: ['container' as const], event: [...actions], label: [`lotan.instance=${instance}`] }
  const query = { filters, ...(since === undefined ? {} : { since: since / 1000 }) }
  // The engine sends the header at once: only this part has a deadline.
  const stream = await call('listening to the engine', (abort) => docker.getEvents({ ...query, ...abort }), { signal })
  const end = () => (stream as unknown as { destroy(): void }).destroy()
  signal.addEventListener('abort', end, { once: true })
  try {
    let rest = ''
    for await (const chunk of stream) {
      rest += chunk.toString()
      const lines = rest.split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        const event = line.trim() && read(JSON.parse(line) as RawEvent)
        if (event) yield event
      }
    }
  } catch (error) {
    if (!signal.aborted) throw engineError(error)
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

interface RawEvent {
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> }
  timeNano: number
}

function read({ Action, Actor, timeNano }: RawEvent): EngineEvent | undefined {
  const action = actions.find((known) => known === Action)
  if (!action) return undefined
  const sandbox = Actor.Attributes['lotan.sandbox']
  if (sandbox !== undefined) return { sandbox: Number(sandbox), action }
  // It has the labels of its image, which may be a copy's.
  if (Actor.Attributes[RUN] !== undefined) return undefined
  const preview = previewOf(Actor.Attributes)
  if (preview === undefined) return undefined
  const service = Actor.Attributes[SERVICE]
  if (service !== undefined) return { service, preview, action }
  const { exitCode } = Actor.Attributes
  return {
    action,
    id: Actor.ID,
    preview,
    generation: Number(Actor.Attributes['lotan.generation']),
    exitCode: action === 'die' && exitCode !== undefined ? Number(exitCode) : null,
    at: Math.floor(timeNano / 1e6),
  }
}

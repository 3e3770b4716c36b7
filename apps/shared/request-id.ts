/** Which request the work of now goes back to: each log line of it carries that id (log.ts). */
import { AsyncLocalStorage } from 'node:async_hooks'

const requests = new AsyncLocalStorage<string | undefined>()

/** What `work` awaits is for that request too. @param id null: for none */
export function forRequest<T>(id: string | null, work: () => T): T {
  return requests.run(id ?? undefined, work)
}

export function currentRequest(): string | undefined {
  return requests.getStore()
}

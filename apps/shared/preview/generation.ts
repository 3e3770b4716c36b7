import type { Pairs } from './pair.ts'

/** One container of a preview. `container` and `slot` are null until the engine, or the pool, has given one. */
export interface Generation {
  number: number
  container: string | null
  slot: number | null
  /** The number of the sandbox whose network its container joins; null where it has one of its own. */
  sandbox: number | null
  image: string
  digest: string | null
  /** Inside the container. */
  port: number
  /** Which previews of other repositories it was made to go with; undefined for none, and where that is not known. */
  pairs?: Pairs
  /** Whether it was given LOTAN_CONTAINER_SECRET_X; undefined where there was none to give. */
  trusted?: boolean
  /** A digest of the services that it came up with (`Stack.spec`); undefined for none. */
  stack?: string
}

export type Retiring = Generation & {
  /** When its route went, milliseconds since 1970; 0 where it never had one; AT_ONCE where it is not waited for. */
  since: number
}

/** Its container is killed at once, even in use: it fills the disk. */
export const AT_ONCE = -1

export type Routed = Generation & { container: string; slot: number }

export function isRouted(generation: Generation): generation is Routed {
  return generation.container !== null && generation.slot !== null
}

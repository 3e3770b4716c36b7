/** One container of a preview. `container` and `slot` are null until the engine, or the pool, has given one. */
export interface Generation {
  number: number
  container: string | null
  slot: number | null
  image: string
  digest: string | null
  /** The port the application is expected on, inside the container. */
  port: number
}

/** A generation whose route went when a newer one took over, or that was given up: its container has to go yet. */
export type Retiring = Generation & {
  /** When its route went, milliseconds since 1970; 0 where it never had one; AT_ONCE where it is not waited for. */
  since: number
}

/** Its container is killed at once, even in use: it fills the disk. */
export const AT_ONCE = -1

/** A generation that has both its container and its slot: the only kind that can serve. */
export type Routed = Generation & { container: string; slot: number }

/** Whether a generation has all it takes to serve. */
export function isRouted(generation: Generation): generation is Routed {
  return generation.container !== null && generation.slot !== null
}

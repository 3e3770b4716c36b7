/** Fills the variables of a stack in. Pure. */
import { replaceDollars, variablesIn } from './read/dollars.ts'
import type { Part, Service } from './stack.ts'

export interface Values {
  /** As the application is given them. */
  tag: string
  host: string
  url: string
  /** @param name the X of `${LOTAN_SECRET_X}` */
  secret: (name: string) => string
}

const SECRET = 'LOTAN_SECRET_'

/** The texts of a part as its container is given them. */
export function fillIn<T extends Part | Service>(part: T, values: Values): T {
  const fill = (text: string) => replaceDollars(text, (name) => valueOf(name, values))
  const filled = {
    ...part,
    command: part.command?.map(fill) ?? null,
    entrypoint: part.entrypoint?.map(fill) ?? null,
    environment: Object.fromEntries(Object.entries(part.environment).map(([name, value]) => [name, fill(value)])),
  }
  if (!('healthcheck' in filled) || filled.healthcheck === null || filled.healthcheck === 'none') return filled
  return { ...filled, healthcheck: { ...filled.healthcheck, test: filled.healthcheck.test.map(fill) } }
}

/** The X of each `${LOTAN_SECRET_X}` in a stack, each once. */
export function secretNames(parts: readonly (Part | Service)[]): string[] {
  const texts = parts.flatMap((part) => [
    ...(part.command ?? []),
    ...(part.entrypoint ?? []),
    ...Object.values(part.environment),
    ...('healthcheck' in part && part.healthcheck && part.healthcheck !== 'none' ? part.healthcheck.test : []),
  ])
  const names = texts.flatMap(variablesIn).filter((name) => name.startsWith(SECRET))
  return [...new Set(names.map((name) => name.slice(SECRET.length)))]
}

function valueOf(name: string, { tag, host, url, secret }: Values): string {
  if (name === 'LOTAN_TAG') return tag
  if (name === 'LOTAN_HOST') return host
  if (name === 'LOTAN_URL') return url
  return secret(name.slice(SECRET.length))
}

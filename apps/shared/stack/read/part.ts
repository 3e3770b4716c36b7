/** One entry under `services`: the application, or a service beside it. Pure. */
import { cpus, integer, memory } from '../../config/values/amount.ts'
import type { Application, Part, Service } from '../stack.ts'
import { duration, signal } from './amounts.ts'
import { dependsOn, type PlacedCondition } from './depends-on.ts'
import { environmentOf, isReserved } from './environment.ts'
import { booleanOf, matching, read, readKeys, refuse, type Field } from './field.ts'
import { healthcheckOf } from './healthcheck.ts'
import { mountsOf, refuseTwice, tmpfsOf, type PlacedMount } from './mounts.ts'
import { notTaken, whyNotOnService } from './refused.ts'
import { commandWords } from './words.ts'

export const PART_NAME = /^[a-z][a-z0-9]{0,19}$/
const PART_WANTED = 'is to be named with a-z and 0-9, a letter first, at most 20 of them, such as db'

/** A longer one holds up everything that waits for its preview to stop. */
const MOST_GRACE_MS = 600_000
const MOST_PROCESSES = 1_000_000

/** As the engine reads one: https://github.com/distribution/reference/blob/main/reference.go */
const IMAGE =
  /^(?=.{1,255}$)([A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?\/)?[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(\/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?$/

export interface ReadPart {
  name: string
  field: Field
  /** The field of its image. Null for the application. */
  image: Field | null
  part: Part
  /** What services alone have. */
  more: Omit<Service, keyof Part | 'image'> & { image: string | null }
  conditions: Map<string, PlacedCondition>
  mounts: PlacedMount[]
}

export function emptyApplication(name: string): Application {
  return {
    name,
    command: null,
    entrypoint: null,
    environment: {},
    dependsOn: {},
    mounts: [],
    tmpfs: [],
    stopSignal: null,
    stopSeconds: null,
    user: null,
    workingDir: null,
    init: null,
    memory: null,
    cpus: null,
    pids: null,
  }
}

export function readPart(name: string, field: Field): ReadPart {
  const part = emptyApplication(name)
  const more: ReadPart['more'] = { image: null, healthcheck: null, host: null, egress: false }
  const found: ReadPart = { name, field, image: null, part, more, conditions: new Map(), mounts: [] }
  const ofServices: Field[] = []
  let environment: Field | undefined
  if (!PART_NAME.test(name)) refuse(field, PART_WANTED)

  readKeys(
    field,
    {
      image: (at) => {
        found.image = at
        more.image = matching(at, IMAGE, 'is no name of an image: write one such as postgres:16') ?? null
      },
      command: (at) => {
        const words = commandWords(at)
        if (words?.length === 0 || words?.[0] === '') refuse(at, 'is empty: leave it out, and the image’s own runs')
        else part.command = words ?? null
      },
      // An empty one is how the engine is told that the image's own does not count.
      entrypoint: (at) => {
        const words = commandWords(at)
        part.entrypoint = words?.length === 0 ? [''] : (words ?? null)
      },
      environment: (at) => {
        environment = at
        part.environment = environmentOf(at)
      },
      depends_on: (at) => {
        found.conditions = dependsOn(at)
        part.dependsOn = Object.fromEntries([...found.conditions].map(([on, { condition }]) => [on, condition]))
      },
      healthcheck: (at) => {
        ofServices.push(at)
        more.healthcheck = healthcheckOf(at) ?? null
      },
      volumes: (at) => {
        found.mounts = mountsOf(at)
        part.mounts = found.mounts.map(({ volume, target, readOnly }) => ({ volume, target, readOnly }))
      },
      tmpfs: (at) => {
        part.tmpfs = tmpfsOf(at)
      },
      stop_signal: (at) => {
        part.stopSignal = signal(at) ?? null
      },
      stop_grace_period: (at) => {
        const ms = duration(at, { least: 0, most: MOST_GRACE_MS })
        part.stopSeconds = ms === undefined ? null : Math.ceil(ms / 1_000)
      },
      user: (at) => {
        part.user =
          matching(at, /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$/, 'is to be a user such as postgres, 1000 or 1000:1000') ?? null // prettier-ignore
      },
      working_dir: (at) => {
        part.workingDir = matching(at, /^\/[^\p{Cc}]{0,1000}$/u, 'is to be a path that begins with /') ?? null
      },
      init: (at) => {
        part.init = booleanOf(at) ?? null
      },
      mem_limit: (at) => {
        part.memory = read(at, memory) ?? null
      },
      cpus: (at) => {
        part.cpus = read(at, cpus) ?? null
      },
      pids_limit: (at) => {
        part.pids = read(at, integer(1, MOST_PROCESSES)) ?? null
      },
      'x-lotan': (at) => {
        ofServices.push(at)
        readOurs(at, more)
      },
    },
    whyNotOnService,
  )
  refuseTwice([...part.mounts, ...part.tmpfs], field)
  if (!found.image) refuseOfServices(found, environment, ofServices)
  return found
}

function readOurs(field: Field, more: ReadPart['more']): void {
  let port: { at: Field; value: number | null } | undefined
  let isHost = false
  readKeys(
    field,
    {
      host: (at) => {
        isHost = booleanOf(at) ?? true
      },
      port: (at) => {
        port = { at, value: read(at, integer(1, 65_535)) ?? null }
      },
      egress: (at) => {
        more.egress = booleanOf(at) ?? false
      },
    },
    (name) =>
      ['keep', 'on-push', 'from'].includes(name) ? 'stands on a volume, not here' : notTaken('host, port and egress')(),
  )
  if (isHost) more.host = { port: port?.value ?? null }
  else if (port) refuse(port.at, 'means nothing without host: true')
}

/** What stands there for the application, and only services have. */
function refuseOfServices({ name, part }: ReadPart, environment: Field | undefined, fields: Field[]): void {
  for (const field of fields)
    refuse(
      field,
      `is a key of services, and ${name} is the application, since it has no image: ` +
        (field.key.endsWith('healthcheck')
          ? 'it is ready when it answers on HTTP'
          : 'it has an address, and a way out'),
    )
  for (const variable of Object.keys(part.environment).filter(isReserved))
    if (environment) refuse(environment, `gives ${variable}, which Lotan sets for the application: leave it out`)
}

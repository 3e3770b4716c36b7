/** Which stack a preview has, and what each of its services runs with. No secret is in it: they stay as written. Pure. */
import type { Explanation } from '../../shared/api/explain.ts'
import type { Config } from '../../shared/config/config.ts'
import { holdsLogin, isSecretName } from '../../shared/config/in-force.ts'
import { bytesOf } from '../../shared/config/values/amount.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { STACK_LABEL } from '../../shared/stack/label.ts'
import { partLimits } from '../../shared/stack/part-limits.ts'
import { stackOf } from '../../shared/stack/stack-of.ts'
import { problemText, type Service } from '../../shared/stack/stack.ts'
import { duration, limit } from '../pages/format.ts'
import type { StackRows } from '../services/stack-rows.ts'

type Stack = NonNullable<Explanation['stack']>
type Value = Stack['services'][number]['values'][number]

export interface StackFacts {
  config: Pick<Config, 'stackText' | 'stackImages' | 'repositories' | 'limits' | 'ceilings' | 'dataFor'>
  rows: StackRows
  /** Whether values of variables, commands and healthchecks are told. */
  mayReadValues: boolean
}

/** Null without a stack, and while the image is not here, whose label may have one. */
export function explainStack(preview: Preview, { config, rows, mayReadValues }: StackFacts): Stack | null {
  const read = stackOf(idOf(preview), preview.image ?? { labels: {} }, config)
  if (!read) return null
  const isFile = config.stackText !== null
  const [source, from] = isFile ? (['setting', 'LOTAN_STACK'] as const) : (['label', STACK_LABEL] as const)
  const where = isFile ? 'the file that LOTAN_STACK names' : `the image’s label ${STACK_LABEL}`
  if ('problems' in read)
    return {
      ...{ source, from, spec: null, application: null, services: [], volumes: [] },
      problems: read.problems.map(problemText),
      words: `Its stack is in ${where}, and cannot be used.`,
    }
  const { app, services, volumes, spec } = read.stack
  const names = services.map(({ name }) => name).join(', ')
  return {
    ...{ source, from, spec, application: app.name, problems: [] },
    services: services.map((service) => ({
      name: service.name,
      state: rows.services.find(({ name }) => name === service.name)?.state ?? null,
      values: valuesOf(service, config).map((value) => (mayReadValues || !hasArguments(value) ? value : { ...value, value: null, words: '' })),
      variables: Object.entries(service.environment).map(([name, value]) => variableOf(name, value, mayReadValues)),
    })),
    volumes: volumes.map(({ name, keep, onPush, from }) => ({ name, keep: keep ?? config.dataFor, onPush, from })),
    words: services.length === 0 ? `Its stack is in ${where}.` : `Beside it runs ${names}: its stack is in ${where}.`,
  }
} // prettier-ignore

function valuesOf(
  service: Service,
  { limits, ceilings }: Pick<Config, 'limits' | 'ceilings'>,
): Value[] {
  const used = partLimits(service, limits, { ceilings, limits })
  const told = (name: Value['name'], value: string | null, source: Value['source'], from: string | null = null) => ({
    ...{ name, value, source, from },
    words: `${value ?? 'as it is'}, ${{ stack: 'by the stack', setting: `by the setting ${from}`, image: 'as the image says', default: 'the default' }[source]}.`,
  }) // prettier-ignore
  const limited = (name: 'memory' | 'cpus' | 'pids', value: string, isGiven: boolean, setting: string) =>
    isGiven ? told(name, value, 'stack') : told(name, value, 'setting', setting)
  const words = (name: 'command' | 'healthcheck', given: string[] | null) =>
    told(name, given?.join(' ') ?? null, given ? 'stack' : 'image')
  const { image, memory, cpus, pids, dependsOn, healthcheck, stopSignal, stopSeconds, host, egress } = service
  const isCut = memory !== null && bytesOf(memory)! > bytesOf(ceilings.memory)!
  return [
    told('image', image, 'stack'),
    words('command', service.command),
    told('depends-on', Object.entries(dependsOn).map(([name, condition]) => `${name} (${condition})`).join(', ') || 'none', Object.keys(dependsOn).length > 0 ? 'stack' : 'default'),
    healthcheck === 'none' ? told('healthcheck', 'none', 'stack') : words('healthcheck', healthcheck?.test ?? null),
    isCut ? told('memory', limit(used.memory), 'setting', 'LOTAN_CONTAINER_MEMORY_MAX') : limited('memory', limit(used.memory), memory !== null, 'LOTAN_CONTAINER_MEMORY'),
    limited('cpus', String(used.cpus), cpus !== null && cpus <= ceilings.cpus, cpus === null ? 'LOTAN_CONTAINER_CPUS' : 'LOTAN_CONTAINER_CPUS_MAX'),
    limited('pids', String(used.pids), pids !== null && pids <= limits.pids, 'LOTAN_CONTAINER_PIDS'),
    told('stop-signal', stopSignal, stopSignal === null ? 'image' : 'stack'),
    ...(stopSeconds === null ? [] : [told('grace', duration(stopSeconds * 1_000), 'stack')]),
    told('second-host', host ? `port ${host.port ?? 'of the image'}` : 'none', host ? 'stack' : 'default'),
    told('egress', egress ? 'yes' : 'no', egress ? 'stack' : 'default'),
  ]
} // prettier-ignore

/** A program's arguments may hold a secret. */
function hasArguments({ name, value }: Value): boolean {
  return (name === 'command' || name === 'healthcheck') && value !== null
}

function variableOf(name: string, value: string, mayReadValues: boolean) {
  const isReference = value.includes('${LOTAN_SECRET_')
  const secret = !isReference && (isSecretName(name) || holdsLogin(value))
  return { name, value: mayReadValues && !secret ? value : null, secret }
}

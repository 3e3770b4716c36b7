/** Pure. Each value by the function that the container is made, or the preview is stopped, by. */
import type { ExplainedValue } from '../../shared/api/explain.ts'
import type { Config } from '../../shared/config/config.ts'
import { findRepository } from '../../shared/repository.ts'
import { idOf, NAMELESS } from '../../shared/preview/preview-id.ts'
import {
  connectionLabel,
  kindLabel,
  portLabel,
  portOf,
  readyPathLabel,
  stopSignalLabel,
} from '../../shared/config/image-labels.ts'
import { diskLimit, limitsOf, notUsed } from '../../shared/config/limits.ts'
import { bytesOf } from '../../shared/config/values/amount.ts'
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import { longestIdle, span } from '../../shared/preview/timeouts.ts'
import { duration, limit } from '../pages/format.ts'

export type ValuesConfig = Pick<
  Config,
  | 'repositories'
  | 'containerPort'
  | 'limits'
  | 'ceilings'
  | 'stopAfter'
  | 'pauseAfter'
  | 'rmiAfter'
  | 'startTimeout'
  | 'hold'
  | 'grace'
  | 'refreshEvery'
  | 'inForce'
>

type Value = ExplainedValue['value']
type Source = Pick<ExplainedValue, 'source' | 'from'>

export function valuesOf(preview: Preview, config: ValuesConfig): ExplainedValue[] {
  const labels = preview.image?.labels ?? {}
  const { limits, notices } = limitsOf(labels, config)
  const disk = diskLimit(labels, config.limits)
  const about = (label: string, all: (string | null)[]) => all.find((notice) => notice?.includes(`${label}=`)) ?? null
  const heard: string[] = []
  const readyPath = readyPathLabel(labels, heard)
  const signal = stopSignalLabel(labels, heard)

  const bySetting = (from: string): Source => {
    const isSet = config.inForce.settings.some(({ name, source }) => name === from && source === 'environment')
    return { source: isSet ? 'setting' : 'default', from }
  }
  const byLabel = (from: string, isUsed: boolean, otherwise: Source): Source =>
    isUsed ? { source: 'label', from } : otherwise
  const none: Source = { source: 'default', from: null }

  const limited = (label: string, setting: string, notice: string | null) =>
    byLabel(label, labels[label] !== undefined && !notice?.includes(' is not used: '), bySetting(setting))

  return [
    explained(
      'repository',
      findRepository(idOf(preview), config)?.reference ?? null,
      bySetting(preview.repository === NAMELESS ? 'REPOSITORY' : 'LOTAN_REPOSITORIES'),
    ),
    ...wayIn(),
    port(),
    explained('ready-path', readyPath ?? '/', byLabel('lotan.ready-path', readyPath !== null, none), {
      notice: about('lotan.ready-path', heard),
    }),
    amount('memory', limits.memory, 'lotan.memory', 'LOTAN_CONTAINER_MEMORY', about('lotan.memory', notices)),
    explained('cpus', limits.cpus, limited('lotan.cpus', 'LOTAN_CONTAINER_CPUS', about('lotan.cpus', notices)), {
      notice: about('lotan.cpus', notices),
    }),
    explained('pids', limits.pids, bySetting('LOTAN_CONTAINER_PIDS')),
    amount('disk', disk.value, 'lotan.disk', 'LOTAN_CONTAINER_DISK', disk.notice),
    explained(
      'stop-signal',
      signal ?? null,
      byLabel('lotan.stop-signal', signal !== undefined, { source: 'image', from: null }),
      { notice: about('lotan.stop-signal', heard), shown: signal ?? 'SIGTERM or another one' },
    ),
    idleStop(),
    time('idle-pause', config.pauseAfter, bySetting('INACTIVITY_PAUSE_TIMEOUT_MINUTES'), { none: 'Off' }),
    lifetime(),
    time('removal', config.rmiAfter, bySetting('INACTIVITY_RMI_TIMEOUT_MINUTES')),
    time('start-timeout', config.startTimeout, bySetting('LOTAN_START_TIMEOUT_SECONDS')),
    time('hold', config.hold, bySetting('LOTAN_HOLD_SECONDS')),
    time('grace', config.grace, bySetting('LOTAN_GRACE_SECONDS')),
    time('refresh', config.refreshEvery, bySetting('IMAGE_REFRESH_INTERVAL_MINUTES')),
  ]

  /** Few images say anything of it. */
  function wayIn(): ExplainedValue[] {
    const [kind, connection] = [kindLabel(labels, heard), connectionLabel(labels, heard)]
    const rows = [
      {
        name: 'kind',
        label: 'lotan.kind',
        value: kind,
        shown: kind === 'ssh' ? 'To come in, not for HTTP' : 'Web pages',
      },
      { name: 'connection', label: 'lotan.connection', value: connection, shown: connection === 'attach' ? 'The program itself' : 'A shell' }, // prettier-ignore
    ] as const
    return rows
      .filter(({ label }) => labels[label] !== undefined)
      .map(({ name, label, value, shown }) =>
        explained(name, value, byLabel(label, labels[label] === value, none), { notice: about(label, heard), shown }),
      )
  }

  function port(): ExplainedValue {
    const { image } = preview
    const label = portLabel(labels)
    const value = generationOf(preview)?.port ?? portOf(image ?? { labels, ports: [] }, config.containerPort)
    const isExposed = image?.ports.length === 1
    const otherwise: Source =
      config.containerPort !== null
        ? bySetting('LOTAN_CONTAINER_PORT')
        : isExposed
          ? { source: 'image', from: null }
          : none
    const notice = label === null ? notUsed('lotan.port', labels, 'is no port') : null
    return explained('port', value, byLabel('lotan.port', typeof label === 'number', otherwise), { notice })
  }

  function amount(
    name: 'memory' | 'disk',
    value: string,
    label: string,
    setting: string,
    notice: string | null,
  ): ExplainedValue {
    const source = limited(label, setting, notice)
    return explained(name, bytesOf(value)!, source, { unit: 'bytes', notice, shown: limit(value) })
  }

  function idleStop(): ExplainedValue {
    const label = 'lotan.inactivity-stop-minutes'
    const text = labels[label]
    const read = span.safeParse(text)
    const most = longestIdle(config.stopAfter)
    const source = byLabel(label, read.success, bySetting('INACTIVITY_STOP_TIMEOUT_MINUTES'))
    const cut =
      read.success && read.data > most ? `The image's label ${label}=${text} is cut at ${most / 60_000}.` : null
    const bad = text !== undefined && !read.success ? notUsed(label, labels, 'is no number of minutes') : null
    return time('idle-stop', Math.min(read.data ?? config.stopAfter, most), source, { notice: cut ?? bad })
  }

  function lifetime(): ExplainedValue {
    const label = 'lotan.max-lifetime-minutes'
    const read = span.safeParse(labels[label])
    const isBad = labels[label] !== undefined && !read.success
    const notice = isBad ? notUsed(label, labels, 'is no number of minutes') : null
    return time('lifetime', read.data ?? null, byLabel(label, read.success, none), { none: 'No bound', notice })
  }
}

function time(
  name: ExplainedValue['name'],
  ms: number | null,
  source: Source,
  { none = '', notice = null }: { none?: string; notice?: string | null } = {},
): ExplainedValue {
  return explained(name, ms, source, { unit: 'milliseconds', notice, shown: ms === null ? none : duration(ms) })
}

function explained(
  name: ExplainedValue['name'],
  value: Value,
  source: Source,
  more: { unit?: ExplainedValue['unit']; notice?: string | null; shown?: string } = {},
): ExplainedValue {
  const { unit = null, notice = null, shown = String(value) } = more
  return { name, value, unit, ...source, notice, words: `${shown}, ${sourceWords(source)}.` }
}

export function sourceWords({ source, from }: Source): string {
  switch (source) {
    case 'label':
      return `by the image’s label ${from}`
    case 'setting':
      return `by the setting ${from}`
    case 'image':
      return 'as the image says'
    case 'default':
      return from === null ? 'the default' : `the default of the setting ${from}`
  }
}

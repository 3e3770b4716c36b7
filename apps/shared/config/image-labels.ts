/** What an image's labels say of how its container is run. One that cannot be used is named in `notices`, and is none. */
import os from 'node:os'
import { notUsed } from './limits.ts'
import { zeroOrOne } from './values/text.ts'
import { wantedOf } from './values/value.ts'

type Labels = Record<string, string>

export function portOf(image: { labels: Labels; ports: readonly number[] }, setting: number | null): number {
  const only = image.ports.length === 1 ? image.ports[0] : undefined
  return portLabel(image.labels) ?? setting ?? only ?? 80
}

/** undefined without the label, null where it is not a valid port. */
export function portLabel(labels: Labels): number | null | undefined {
  const text = labels['lotan.port']
  if (text === undefined) return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : null
}

export function initLabel(labels: Labels, notices: string[]): boolean | undefined {
  const text = labels['lotan.init']
  if (text === undefined) return undefined
  const { data, error } = zeroOrOne.safeParse(text)
  if (error) notices.push(notUsed('lotan.init', labels, wantedOf(error)))
  return data
}

export function stopSignalLabel(labels: Labels, notices: string[]): string | undefined {
  const text = labels['lotan.stop-signal']
  if (text === undefined) return undefined
  const name = text.toUpperCase().replace(/^(?!SIG)(?=[A-Z])/, 'SIG')
  if (name in os.constants.signals || Object.values(os.constants.signals).some((number) => String(number) === text))
    return name
  notices.push(notUsed('lotan.stop-signal', labels, 'is no signal'))
  return undefined
}

export function readyPathLabel(labels: Labels, notices: string[]): string | null {
  const path = labels['lotan.ready-path']
  if (path === undefined) return null
  if (/^\/[\x21-\x7e]{0,1000}$/.test(path)) return path
  notices.push(notUsed('lotan.ready-path', labels, 'is no path: write one that begins with /'))
  return null
}

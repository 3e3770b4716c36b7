/** What an image's labels say of how its container is run. One that cannot be used is named in `notices`, and is none. */
import os from 'node:os'
import { KIND_LABEL, kinds, type Kind } from '../preview/kind.ts'
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

export function kindLabel(labels: Labels, notices: string[]): Kind {
  return oneOf(labels, KIND_LABEL, kinds, notices)
}

/** Whether a person who comes in gets a shell, or talks with the program that its container runs. */
export type Connection = 'exec' | 'attach'

export function connectionLabel(labels: Labels, notices: string[] = []): Connection {
  return oneOf(labels, 'lotan.connection', ['exec', 'attach'], notices)
}

/** The first one counts where the label is missing, or is none of them. */
function oneOf<T extends string>(labels: Labels, label: string, words: readonly [T, T], notices: string[]): T {
  const text = labels[label]
  const found = words.find((word) => word === text)
  if (text !== undefined && found === undefined)
    notices.push(notUsed(label, labels, `write ${words[0]} or ${words[1]}`))
  return found ?? words[0]
}

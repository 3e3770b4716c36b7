/** Where a part of a stack mounts volumes, and memory as a disk. Pure. */
import { memory } from '../../config/values/amount.ts'
import type { Mount, Tmpfs } from '../stack.ts'
import { target } from './amounts.ts'
import { booleanOf, itemsOf, matching, read, readKeys, refuse, textOf, type Field } from './field.ts'

export const VOLUME_NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/
export const VOLUME_WANTED = 'is to be named with a-z, 0-9, - and _, at most 40 of them, such as data'

/** A mount, and the line to blame where no volume of that name is declared. */
export type PlacedMount = Mount & { field: Field }

export function mountsOf(field: Field): PlacedMount[] {
  return (itemsOf(field) ?? []).flatMap((item) => {
    const mount = item.tree.kind === 'map' ? longMount(item) : shortMount(item)
    return mount ? [{ ...mount, field: item }] : []
  })
}

function shortMount(field: Field): Mount | undefined {
  const text = textOf(field)
  if (text === undefined) return undefined
  const [volume = '', path, mode, ...rest] = text.split(':')
  if (/^[./~\\]/.test(volume) || /^[A-Za-z]$/.test(volume))
    return refuse(
      field,
      path === undefined
        ? 'has no volume: write NAME:/path, and name it under volumes'
        : 'mounts a directory of this machine, which no preview is given: write NAME:/path, and name it under volumes',
    )
  if (path === undefined || rest.length > 0) return refuse(field, 'is to be NAME:/path, or NAME:/path:ro')
  if (mode !== undefined && mode !== 'ro' && mode !== 'rw')
    return refuse(field, `has the option ${mode}: only ro and rw are taken`)
  const plain = target(field, path)
  if (!VOLUME_NAME.test(volume)) return refuse(field, VOLUME_WANTED)
  return plain === undefined ? undefined : { volume, target: plain, readOnly: mode === 'ro' }
}

function longMount(field: Field): Mount | undefined {
  let type: string | undefined
  let volume: string | undefined
  let path: string | undefined
  let readOnly = false
  const before = field.problems.length
  readKeys(
    field,
    {
      type: (at) => {
        type = matching(
          at,
          /^volume$/,
          'is to be volume: no other kind of mount is taken here, tmpfs has a key of its own',
        )
      },
      source: (at) => {
        volume = matching(at, VOLUME_NAME, VOLUME_WANTED)
      },
      target: (at) => {
        const text = textOf(at)
        path = text === undefined ? undefined : target(at, text)
      },
      read_only: (at) => {
        readOnly = booleanOf(at) ?? false
      },
    },
    () => 'is not taken. Taken are type, source, target and read_only',
  )
  if (field.problems.length > before) return undefined
  if (type === undefined || volume === undefined || path === undefined)
    return refuse(field, 'is to have type: volume, source and target')
  return { volume, target: path, readOnly }
}

export function tmpfsOf(field: Field): Tmpfs[] {
  const items = field.tree.kind === 'list' ? (itemsOf(field) ?? []) : [field]
  return items.flatMap((item) => tmpfsMount(item) ?? [])
}

/** `/run` or `/run:size=64m`. */
function tmpfsMount(field: Field): Tmpfs | undefined {
  const text = textOf(field)
  if (text === undefined) return undefined
  const [path = '', options, ...rest] = text.split(':')
  const plain = target(field, path)
  if (plain === undefined || (options === undefined && rest.length === 0))
    return plain === undefined ? undefined : { target: plain, size: null }
  const size = rest.length === 0 ? /^size=(.+)$/.exec(options!)?.[1] : undefined
  if (size === undefined) return refuse(field, 'has an option that is not taken: only size is, as in /run:size=64m')
  const amount = read({ ...field, tree: { kind: 'scalar', line: field.line, text: size, is: 'string' } }, memory)
  return amount === undefined ? undefined : { target: plain, size: amount }
}

/** What is mounted twice at one place. */
export function refuseTwice(mounts: readonly (Tmpfs | Mount)[], field: Field): void {
  const seen = new Set<string>()
  for (const { target: path } of mounts) {
    if (seen.has(path)) refuse(field, `mounts two at ${path}`)
    seen.add(path)
  }
}

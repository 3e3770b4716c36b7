/** Variables that a container is given: a map, or a list of `NAME=value`. Pure. */
import { entriesOf, filledText, itemsOf, refuse, valueText, type Field } from './field.ts'

const WANTED = 'is to have a name such as POSTGRES_USER'

export function environmentOf(field: Field): Record<string, string> {
  const found = new Map<string, string>()
  const add = (at: Field, name: string, value: string | undefined) => {
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) refuse(at, WANTED)
    else if (found.has(name)) refuse(at, `gives ${name} a second time`)
    else if (value !== undefined) found.set(name, value)
  }
  if (field.tree.kind === 'list')
    for (const item of itemsOf(field) ?? []) {
      const text = filledText(item)
      const equals = text?.indexOf('=') ?? -1
      if (text !== undefined && equals < 0)
        refuse(item, `gives no value: write NAME=value; nothing is taken from Lotan's own environment`)
      else if (text !== undefined) add(item, text.slice(0, equals), text.slice(equals + 1))
    }
  else
    for (const [name, entry] of entriesOf(field) ?? []) {
      if (entry.tree.kind === 'empty')
        refuse(entry, `has no value: write one, or '' for an empty one; nothing is taken from Lotan's own environment`)
      else add(entry, name, valueText(entry))
    }
  return Object.fromEntries(found)
}

/** Lotan sets these for the application. */
export function isReserved(name: string): boolean {
  return /^LOTAN_(TAG|HOST|URL|URL_.+)$/.test(name)
}

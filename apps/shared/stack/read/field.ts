/** One value of a stack's text: what is read of it, and where a problem with it stands. Pure. */
import type { Value } from '../../config/values/value.ts'
import type { StackProblem } from '../stack.ts'
import type { Entry, Tree } from './tree.ts'
import { dollarProblem } from './dollars.ts'

export interface Field {
  /** `services.db.image` */
  key: string
  line: number
  tree: Tree
  problems: StackProblem[]
}

const NOTHING = 'has no value: write one, or leave the key out'

export function refuse({ line, key, problems }: Field, problem: string): undefined {
  problems.push({ line, key, problem })
}

export function child(parent: Field, name: string, { line, value }: Entry): Field {
  return { key: parent.key === '' ? name : `${parent.key}.${name}`, line, tree: value, problems: parent.problems }
}

/** Undefined for what is no map. */
export function entriesOf(field: Field): Map<string, Field> | undefined {
  const { tree } = field
  if (tree.kind === 'empty') return refuse(field, NOTHING)
  if (tree.kind !== 'map') return refuse(field, 'is to be a map, with a key and a colon on each line')
  return new Map([...tree.entries].map(([name, entry]) => [name, child(field, name, entry)]))
}

export function itemsOf(field: Field): Field[] | undefined {
  const { tree } = field
  if (tree.kind !== 'list') return refuse(field, 'is to be a list')
  return tree.items.map((item, i) => ({ ...field, key: `${field.key}[${i}]`, line: item.line, tree: item }))
}

/** Numbers and true and false too, as they are written; `''` counts, nothing at all does not. */
function rawText(field: Field): string | undefined {
  const { tree } = field
  if (tree.kind === 'scalar' && !tree.text.includes('\0')) return tree.text
  if (tree.kind === 'empty') return refuse(field, NOTHING)
  return refuse(field, tree.kind === 'scalar' ? 'holds a zero byte' : 'is to be one value, no list and no map')
}

/** Compose takes no number where it wants a text. */
function quotedText(field: Field): string | undefined {
  const { tree } = field
  if (tree.kind !== 'scalar' || tree.is === 'string') return rawText(field)
  return refuse(field, `is ${tree.is === 'number' ? 'a number' : 'true or false'} for YAML: write '${tree.text}'`)
}

/** May hold variables. */
export function filledText(field: Field): string | undefined {
  return withKnownVariables(field, quotedText(field))
}

/** Of a variable of a container: may be a number, and may hold variables. */
export function valueText(field: Field): string | undefined {
  return withKnownVariables(field, rawText(field))
}

function withKnownVariables(field: Field, text: string | undefined): string | undefined {
  const problem = text === undefined ? undefined : dollarProblem(text)
  return problem === undefined ? text : refuse(field, problem)
}

/** Holds no variables. */
export function textOf(field: Field): string | undefined {
  return withoutVariables(field, quotedText(field))
}

function withoutVariables(field: Field, text: string | undefined): string | undefined {
  if (text?.includes('$') !== true) return text
  return refuse(field, 'holds a $: variables stand in environment, command, entrypoint and healthcheck alone')
}

/** May be a number. @param value as settings and labels are checked */
export function read<T>(field: Field, value: Value<T>): T | undefined {
  const text = withoutVariables(field, rawText(field))
  if (text === undefined) return undefined
  const { data, error } = value.safeParse(text)
  return error ? refuse(field, error.issues[0]!.message) : data
}

export function matching(field: Field, form: RegExp, wanted: string): string | undefined {
  const text = textOf(field)
  if (text === undefined || form.test(text)) return text
  return refuse(field, wanted)
}

export function booleanOf(field: Field): boolean | undefined {
  const { tree } = field
  if (tree.kind === 'scalar' && tree.is === 'boolean') return tree.text.toLowerCase() === 'true'
  return refuse(field, 'write true or false')
}

/**
 * Reads each key by its own reader. Where there is nothing it has none.
 * @param unknown what is told of a key that has none; undefined: nothing
 */
export function readKeys(
  field: Field,
  readers: Record<string, (field: Field) => void>,
  unknown: (name: string) => string | undefined,
): void {
  if (field.tree.kind === 'empty') return
  for (const [name, entry] of entriesOf(field) ?? []) {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined
    const problem = reader ? undefined : unknown(name)
    reader?.(entry)
    if (problem !== undefined) refuse(entry, problem)
  }
}

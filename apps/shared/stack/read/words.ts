/** Command lines of a stack: a list of words, or one line. Pure. */
import { split } from 'shlex'
import { filledText, itemsOf, refuse, type Field } from './field.ts'

/** Undefined where it cannot be used. */
export function texts(field: Field): string[] | undefined {
  const items = itemsOf(field)?.map(filledText)
  return items?.every((item) => item !== undefined) ? items : undefined
}

/** A line is split as a shell would, and no shell runs it. */
export function commandWords(field: Field): string[] | undefined {
  if (field.tree.kind === 'list') return texts(field)
  const line = filledText(field)
  if (line === undefined) return undefined
  const operator = operatorIn(line)
  if (operator !== undefined)
    return refuse(
      field,
      `has ${operator} outside quotes, and no shell runs it: write [sh, -c, "…"], or put it into quotes`,
    )
  try {
    return split(line)
  } catch {
    return refuse(field, 'ends inside a quote or in a backslash')
  }
}

/** What a shell would not take for a part of a word. */
function operatorIn(line: string): string | undefined {
  const bare = line.replace(/\\.|'[^']*'|"(\\.|[^"\\])*"/gs, '')
  return /[;&|<>]/.exec(bare)?.[0]
}

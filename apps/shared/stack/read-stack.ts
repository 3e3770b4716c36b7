/** Reads the text of a stack: a subset of the Compose specification. Never throws. Pure. */
import { isAllowed } from './images.ts'
import type { ReadStack, Stack, StackProblem, Volume } from './stack.ts'
import { entriesOf, readKeys, refuse, textOf, type Field } from './read/field.ts'
import { emptyApplication, readPart, type ReadPart } from './read/part.ts'
import { whyNotOnStack } from './read/refused.ts'
import { checkRelations } from './read/relations.ts'
import { readTree } from './read/tree.ts'
import { readVolume } from './read/volume.ts'
import { specOf } from './spec.ts'

/** Characters: four times the label's most, since that may be packed. */
export const MOST_TEXT = 65_536

const MOST_SERVICES = 10
const MOST_VOLUMES = 10
const MOST_PROBLEMS = 50
/** What the application is called where no part of the stack is without an image. */
const APPLICATION = 'app'

/** @param patterns of images that services may have; null: any */
export function readStack(text: string, patterns: readonly string[] | null = null): ReadStack {
  if (text.length > MOST_TEXT)
    return failed([{ line: null, key: '', problem: `is longer than ${MOST_TEXT / 1_024} kB` }])
  const { tree, problems } = readTree(text)
  if (tree.kind === 'empty')
    return failed(problems.length > 0 ? problems : [{ line: 1, key: '', problem: 'is empty: write services: and at least one' }]) // prettier-ignore
  const root: Field = { key: '', line: tree.line, tree, problems }
  const stack = stackIn(root, patterns)
  return problems.length > 0 || !stack ? failed(problems) : { stack: { ...stack, spec: specOf(stack) } }
}

function stackIn(root: Field, patterns: readonly string[] | null): Omit<Stack, 'spec'> | undefined {
  let parts: ReadPart[] | undefined
  let volumes: Volume[] = []
  readKeys(
    root,
    {
      services: (at) => {
        parts = partsIn(at)
      },
      volumes: (at) => {
        volumes = [...(entriesOf(at) ?? [])].map(([name, entry]) => readVolume(name, entry))
        if (volumes.length > MOST_VOLUMES)
          refuse(at, `has ${volumes.length} volumes: at most ${MOST_VOLUMES} are taken`)
      },
      // Compose ignores the one, and the other names what Lotan names itself.
      version: textOf,
      name: textOf,
    },
    whyNotOnStack,
  )
  if (!parts) {
    if (root.tree.kind === 'map' && !root.tree.entries.has('services')) refuse(root, 'has no services')
    return undefined
  }
  checkRelations(parts, volumes)
  for (const { image, more } of parts)
    if (image && more.image !== null && patterns && !isAllowed(more.image, patterns))
      refuse(image, `is ${more.image}, and the admin of this server allows ${patterns.join(' ')} (LOTAN_STACK_IMAGES)`)

  return {
    app: parts.find(({ image }) => !image)?.part ?? emptyApplication(APPLICATION),
    services: parts.flatMap(({ part, more: { image, ...more } }) =>
      image === null ? [] : { ...part, ...more, image },
    ),
    volumes,
  }
}

function partsIn(field: Field): ReadPart[] | undefined {
  const entries = entriesOf(field)
  if (!entries) return undefined
  if (entries.size > MOST_SERVICES + 1)
    return refuse(field, `has ${entries.size} services: at most ${MOST_SERVICES} are taken`)
  const parts = [...entries].map(([name, entry]) => readPart(name, entry))
  const [application, ...others] = parts.filter(({ image }) => !image)
  for (const { field: at } of others)
    refuse(at, `has no image, and neither has ${application!.name}: that one is the application, the tag's own image`)
  const named = parts.find(({ name }) => name === APPLICATION)
  if (!application && named)
    refuse(
      named.image!,
      `stands on ${APPLICATION}, as the application is called: leave image out, or call it otherwise`,
    )
  if (parts.filter(({ image }) => image).length > MOST_SERVICES)
    refuse(field, `has ${parts.length} services: at most ${MOST_SERVICES} are taken`)
  if (parts.length === 0) refuse(field, 'is empty: write at least one service')
  return parts
}

/** In the order of lines, each once. */
function failed(problems: StackProblem[]): ReadStack {
  const told = new Map(problems.map(onOneLine).map((one) => [JSON.stringify(one), one]))
  const sorted = [...told.values()].sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  const rest = sorted.length - MOST_PROBLEMS
  if (rest <= 0) return { problems: sorted }
  return { problems: [...sorted.slice(0, MOST_PROBLEMS), { line: null, key: '', problem: `… and ${rest} more` }] }
}

/** Names and values in it are the author's. */
function onOneLine({ line, key, problem }: StackProblem): StackProblem {
  return { line, key: cut(key, 200), problem: cut(problem, 500) }
}

function cut(text: string, most: number): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?')
  return plain.length > most ? `${plain.slice(0, most)}…` : plain
}

/** YAML as a tree whose values know their lines. It costs a bounded time for any text. Pure. */
import type { Document, Node, ParsedNode, Scalar, YAMLMap } from 'yaml'
import type { StackProblem } from '../stack.ts'
import { yaml } from './yaml.ts'

/** `line`: from 1. `text`: as it is written, without quotes and escapes. */
export type Tree = { line: number } & (
  | { kind: 'map'; entries: Map<string, Entry> }
  | { kind: 'list'; items: Tree[] }
  | { kind: 'scalar'; text: string; is: 'string' | 'number' | 'boolean' }
  | { kind: 'empty' }
)

export interface Entry {
  /** Of its key. */
  line: number
  value: Tree
}

export interface ReadTree {
  tree: Tree
  problems: StackProblem[]
}

/** All values, those behind aliases as often as they are named. A stack with 10 services has some hundreds. */
const MOST_VALUES = 10_000
const MOST_DEPTH = 20

export function readTree(text: string): ReadTree {
  const { LineCounter, parseDocument } = yaml()
  const lines = new LineCounter()
  const parsed = parseDocument(text, {
    lineCounter: lines,
    // Here the time that looking for equal keys takes would grow with the square of their number.
    uniqueKeys: false,
    prettyErrors: false,
    keepSourceTokens: false,
    // Nothing is logged here, and with `silent` a second document is no error.
    logLevel: 'error',
  })
  const lineOf = (offset: number | undefined) => lines.linePos(offset ?? 0).line
  const tooDeep = parsed.errors.filter(({ message }) => message.includes('call stack')).slice(0, 1)
  const faults = (tooDeep.length > 0 ? tooDeep : parsed.errors).map(({ message, pos }) => ({
    line: lineOf(pos[0]),
    key: '',
    problem: tooDeep.length > 0 ? 'is nested too deep' : `is no YAML: ${message.split('\n')[0]}`,
  }))
  if (faults.length > 0) return { tree: { kind: 'empty', line: 1 }, problems: faults }
  return convert(parsed, lineOf)
}

interface Sized {
  tree: Tree
  /** How many values it has. */
  size: number
}

function convert(parsed: Document<ParsedNode>, lineOf: (offset: number | undefined) => number): ReadTree {
  const { isAlias, isMap, isScalar, isSeq } = yaml()
  const problems: StackProblem[] = []
  const anchors = new Map<string, Sized>()
  let copied = 0
  const tell = (line: number, key: string, problem: string) => void problems.push({ line, key, problem })

  const { tree, size } = sizedOf(parsed.contents, '', 0, 1)
  if (size > MOST_VALUES || copied > MOST_VALUES)
    return { tree: { kind: 'empty', line: 1 }, problems: [tooMany(tree.line), ...problems] }
  return { tree, problems }

  function sizedOf(node: Node | null | undefined, key: string, depth: number, above: number): Sized {
    if (!node) return { tree: { kind: 'empty', line: above }, size: 1 }
    const line = lineOf(node.range?.[0])
    if (depth > MOST_DEPTH) tell(line, key, 'is nested too deep')
    if (isAlias(node)) return behind(node.source, line, key)
    if (node.tag !== undefined && !/^(tag:yaml\.org,2002:|!!)(str|int|float|bool|null|map|seq)$/.test(node.tag))
      tell(
        line,
        key,
        `has the YAML tag ${node.tag.replace('tag:yaml.org,2002:', '!!')}, which is not taken: leave it out`,
      )
    const sized =
      depth > MOST_DEPTH ? { tree: { kind: 'empty', line } as const, size: 1 } : inside(node, line, key, depth)
    const anchor = 'anchor' in node ? node.anchor : undefined
    if (typeof anchor === 'string') anchors.set(anchor, sized)
    return sized
  }

  function behind(name: string, line: number, key: string): Sized {
    const found = anchors.get(name)
    if (!found) tell(line, key, `is *${name}, and no &${name} ends above it`)
    return found ?? { tree: { kind: 'empty', line }, size: 1 }
  }

  function inside(node: Node, line: number, key: string, depth: number): Sized {
    if (isMap(node)) return mapOf(node, line, key, depth)
    if (isSeq(node)) {
      const items = node.items.map((item, i) => sizedOf(item as Node | null, `${key}[${i}]`, depth + 1, line))
      return { tree: { kind: 'list', line, items: items.map(({ tree }) => tree) }, size: sizeOf(items) }
    }
    if (!isScalar(node) || node.value === null) return { tree: { kind: 'empty', line }, size: 1 }
    const is = typeof node.value
    const kind = is === 'boolean' ? is : is === 'number' || is === 'bigint' ? 'number' : 'string'
    return { tree: { kind: 'scalar', line, text: textOf(node), is: kind }, size: 1 }
  }

  function mapOf(node: YAMLMap, line: number, key: string, depth: number): Sized {
    const entries = new Map<string, Entry>()
    const merged: [line: number, value: Tree][] = []
    const parts: Sized[] = []
    for (const pair of node.items) {
      const name = pair.key as Node | null
      const at = name ? lineOf(name.range?.[0]) : line
      if (!isScalar(name) || name.value === null) {
        tell(at, key, 'has a key that is no text')
        continue
      }
      const text = textOf(name)
      const child = key === '' ? text : `${key}.${text}`
      const sized = sizedOf(pair.value as Node | null, child, depth + 1, at)
      parts.push(sized)
      const earlier = entries.get(text)
      if (text === '<<' && name.type === 'PLAIN') merged.push([at, sized.tree])
      else if (earlier) tell(at, child, `stands a second time: line ${earlier.line} has it already`)
      else entries.set(text, { line: at, value: sized.tree })
    }
    for (const [at, tree] of merged) merge(entries, tree, at, key)
    return { tree: { kind: 'map', line, entries }, size: sizeOf(parts) }
  }

  /** Keys of its own win, and an earlier map of a list over a later: https://yaml.org/type/merge.html */
  function merge(entries: Map<string, Entry>, tree: Tree, line: number, key: string): void {
    for (const map of tree.kind === 'list' ? tree.items : [tree]) {
      if (map.kind !== 'map') {
        tell(line, key, '<< takes a map, or a list of maps')
        continue
      }
      copied += map.entries.size
      if (copied > MOST_VALUES) return
      for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, entry)
    }
  }
}

function textOf({ value, source }: Scalar): string {
  return typeof value === 'string' ? value : (source ?? '')
}

function sizeOf(parts: Sized[]): number {
  return parts.reduce((sum, { size }) => sum + size, 1)
}

function tooMany(line: number): StackProblem {
  return { line, key: '', problem: `has more than ${MOST_VALUES} values, those behind aliases counted each time` }
}

/** `lotan list --watch`: the table, drawn anew in place; in a pipe, or as JSON, a line for each change. */
import { setTimeout as sleep } from 'node:timers/promises'
import { splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { listen, type Event } from '../api.ts'
import { away } from '../call.ts'
import type { Context } from '../context.ts'
import { beforeInterrupt } from '../interrupt.ts'
import { exit } from '../command.ts'
import { nameOf } from '../preview-name.ts'
import { isRow, noteOf, previewTable, type Row } from './preview-table.ts'

const AGES_MS = 1_000
/** Many changes at once are drawn as one. */
const DRAW_MS = 100
const AGAIN_MS = 1_000

export interface Watching {
  matches: (row: Row) => boolean
  json: boolean
}

/** Ends when the reader goes. @throws Failure where the first connection fails */
export async function watch({ api, output, say }: Context, watching: Watching): Promise<number> {
  const show = watching.json || !output.isTerminal ? lines(output.print, watching) : screen({ output })
  const rows = new Map<PreviewId, Row>()
  let lost = false
  for (let isFirst = true; !output.closed.aborted; isFirst = false) {
    try {
      const events = await listen(api, '/events', output.closed)
      if (!events) throw new Error('it has no events')
      if (lost) say('connected again', 'good')
      lost = false
      // The stream begins with how things are, and tells nothing of what went meanwhile.
      rows.clear()
      for await (const event of events) apply(event)
    } catch (error) {
      if (output.closed.aborted) break
      if (isFirst) throw away(api, (error as Error).message)
      if (!lost) say(`the connection was lost (${(error as Error).message}), trying again`, 'bad')
      lost = true
    }
    await sleep(AGAIN_MS, undefined, { signal: output.closed }).catch(() => {})
  }
  show.end()
  return exit.done

  function apply({ event, data }: Event) {
    const id = nameOf(data)
    if (event === 'preview' && isRow(data) && watching.matches(data)) rows.set(id, data)
    else if (!rows.delete(id)) return
    show.changed(rows, id, rows.get(id))
  }
}

/** As the API lists them. */
function byTag(a: Row, b: Row): number {
  if (a.tag !== b.tag) return a.tag < b.tag ? -1 : 1
  return nameOf(a) < nameOf(b) ? -1 : 1
}

interface Show {
  changed(rows: ReadonlyMap<PreviewId, Row>, id: PreviewId, row: Row | undefined): void
  end(): void
}

function lines(print: (text: string) => void, { json }: Pick<Watching, 'json'>): Show {
  const said = new Map<PreviewId, string>()
  return {
    changed(_rows, id, row) {
      const line = json
        ? JSON.stringify(row ?? { ...splitId(id), state: 'unknown' })
        : [id, row?.state ?? 'gone', row && noteOf(row)].filter(Boolean).join('  ')
      if (said.get(id) === line) return
      said.set(id, line)
      print(`${line}\n`)
    },
    end() {},
  }
}

function screen({ output }: Pick<Context, 'output'>): Show {
  let known: ReadonlyMap<PreviewId, Row> = new Map()
  let drawn = 0
  let soon: NodeJS.Timeout | undefined
  const draw = () => {
    soon = undefined
    const rows = [...known.values()].toSorted(byTag)
    const room = Math.max(1, output.height() - 3)
    const table = previewTable(rows.slice(0, room), Date.now(), { width: output.width() - 1, paint: output.paint })
    const more = rows.length > room ? [`and ${rows.length - room} more`] : []
    const up = drawn > 0 ? `\u001b[${drawn}A\r` : ''
    output.print(`${up}\u001b[J${[...table, ...more].join('\n')}\n`)
    drawn = table.length + more.length
  }
  draw()
  const ageing = setInterval(draw, AGES_MS)
  const end = () => {
    clearInterval(ageing)
    clearTimeout(soon)
  }
  beforeInterrupt(end)
  return {
    changed(rows) {
      known = rows
      soon ??= setTimeout(draw, DRAW_MS)
    },
    end,
  }
}

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { migrate } from './schema.ts'

type Column = { name: string; type: string; notnull: number; dflt_value: string | null; pk: number }
type Index = { name: string; unique: number; origin: string; partial: number }

/** Each table with its columns and indexes, whatever their order, which differs where a step has added a column. */
function shapeOf(db: Database.Database) {
  const tables = db.prepare<[], { name: string; strict: number }>(`SELECT name, strict FROM pragma_table_list`).all()
  const own = tables.filter(({ name }) => !name.startsWith('sqlite_'))
  return Object.fromEntries(own.map(({ name, strict }) => [name, { strict, ...insideOf(db, name) }]))
}

function insideOf(db: Database.Database, table: string) {
  const columns = db.prepare<[string], Column>(`SELECT * FROM pragma_table_info(?)`).all(table)
  const indexes = db.prepare<[string], Index>(`SELECT * FROM pragma_index_list(?)`).all(table)
  const keys = indexes.map(({ name, unique, origin, partial }) => {
    const of = db.prepare<[string], string | null>(`SELECT name FROM pragma_index_info(?)`).pluck().all(name)
    // SQLite numbers the indexes of keys by itself.
    return { name: origin === 'c' ? name : origin, unique, partial, of }
  })
  const text = (value: unknown) => JSON.stringify(value)
  return {
    columns: columns
      .map(({ name, type, notnull, dflt_value, pk }) => text({ name, type, notnull, dflt_value, pk }))
      .sort(),
    keys: keys.map(text).sort(),
  }
}

test('schema.sql has the tables that the steps of the schema lead to', () => {
  const migrated = new Database(':memory:')
  migrate(migrated)
  const written = new Database(':memory:')
  written.exec(fs.readFileSync(path.join(import.meta.dirname, 'schema.sql'), 'utf8'))
  assert.deepEqual(shapeOf(written), shapeOf(migrated))
})
